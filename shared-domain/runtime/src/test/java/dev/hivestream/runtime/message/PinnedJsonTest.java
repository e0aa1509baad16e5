package dev.hivestream.runtime.message;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.EventType;
import dev.hivestream.samples.SampleDomain;
import dev.hivestream.samples.account.AccountCommand.CloseAccount;
import dev.hivestream.samples.account.AccountCommand.Deposit;
import dev.hivestream.samples.account.AccountCommand.OpenAccount;
import dev.hivestream.samples.account.AccountCommand.Withdraw;
import dev.hivestream.samples.account.AccountEvent.AccountClosed;
import dev.hivestream.samples.account.AccountEvent.AccountOpened;
import dev.hivestream.samples.account.AccountEvent.Deposited;
import dev.hivestream.samples.account.AccountEvent.Withdrawn;
import dev.hivestream.samples.content.ContentCommand.CreateContent;
import dev.hivestream.samples.content.ContentCommand.DisableContent;
import dev.hivestream.samples.content.ContentCommand.EditContent;
import dev.hivestream.samples.content.ContentCommand.EnableContent;
import dev.hivestream.samples.content.ContentEvent.ContentCreated;
import dev.hivestream.samples.content.ContentEvent.ContentDisabled;
import dev.hivestream.samples.content.ContentEvent.ContentEdited;
import dev.hivestream.samples.content.ContentEvent.ContentEnabled;
import dev.hivestream.samples.review.ReviewCommand.ApproveReview;
import dev.hivestream.samples.review.ReviewCommand.RefuseReview;
import dev.hivestream.samples.review.ReviewCommand.RequestReview;
import dev.hivestream.samples.review.ReviewEvent.ReviewApproved;
import dev.hivestream.samples.review.ReviewEvent.ReviewRefused;
import dev.hivestream.samples.review.ReviewEvent.ReviewRequested;
import dev.hivestream.samples.transfer.TransferCommand.CompleteTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefundTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RefuseTransfer;
import dev.hivestream.samples.transfer.TransferCommand.RequestTransfer;
import dev.hivestream.samples.transfer.TransferEvent.TransferCompleted;
import dev.hivestream.samples.transfer.TransferEvent.TransferRefunded;
import dev.hivestream.samples.transfer.TransferEvent.TransferRefused;
import dev.hivestream.samples.transfer.TransferEvent.TransferRequested;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The JSON of each command and event, of each version, as files under {@code src/test/resources/json}: what is in a log
 * must be read for ever. A file that has to change is a new version of the event, with an upcaster, beside the old file.
 */
class PinnedJsonTest {

    private static final Path FILES = Path.of("src", "test", "resources", "json");

    private static final Map<String, Object> COMMANDS = Map.ofEntries(
            Map.entry("content.create", new CreateContent("Grün 🐝")),
            Map.entry("content.edit", new EditContent("Hello")),
            Map.entry("content.enable", new EnableContent()), Map.entry("content.disable", new DisableContent()),
            Map.entry("account.open", new OpenAccount("Ada")), Map.entry("account.deposit", new Deposit(1250)),
            Map.entry("account.withdraw", new Withdraw(Long.MAX_VALUE)), Map.entry("account.close", new CloseAccount()),
            Map.entry("transfer.request", new RequestTransfer("ada", "bob", 1250)),
            Map.entry("transfer.complete", new CompleteTransfer()),
            Map.entry("transfer.refund", new RefundTransfer("closed")),
            Map.entry("transfer.refuse", new RefuseTransfer("insufficient-funds")),
            Map.entry("review.request", new RequestReview()), Map.entry("review.approve", new ApproveReview("grace")),
            Map.entry("review.refuse", new RefuseReview("grace", "Too short")));

    private static final Map<String, Object> EVENTS = Map.ofEntries(
            Map.entry("content.created.1", new ContentCreated("Grün 🐝", false)),
            Map.entry("content.created.2", new ContentCreated("Grün 🐝", true)),
            Map.entry("content.edited.1", new ContentEdited("Hello")),
            Map.entry("content.enabled.1", new ContentEnabled()),
            Map.entry("content.disabled.1", new ContentDisabled()),
            Map.entry("account.opened.1", new AccountOpened("Ada")),
            Map.entry("account.deposited.1", new Deposited(1250)),
            Map.entry("account.withdrawn.1", new Withdrawn(Long.MAX_VALUE)),
            Map.entry("account.closed.1", new AccountClosed()),
            Map.entry("transfer.requested.1", new TransferRequested("ada", "bob", 1250)),
            Map.entry("transfer.completed.1", new TransferCompleted()),
            Map.entry("transfer.refunded.1", new TransferRefunded("closed")),
            Map.entry("transfer.refused.1", new TransferRefused("insufficient-funds")),
            Map.entry("review.requested.1", new ReviewRequested()),
            Map.entry("review.approved.1", new ReviewApproved("grace")),
            Map.entry("review.refused.1", new ReviewRefused("grace", "Too short")));

    @Test
    void every_command_and_every_version_of_every_event_has_its_file_and_no_file_is_without() throws IOException {
        Set<String> declared = new TreeSet<>();
        for (Aggregate<?, ?, ?> aggregate : new SampleDomain().aggregates()) {
            aggregate.commands().keySet().forEach(name -> declared.add("commands/" + aggregate.name() + "." + name));
            for (EventType<?> event : aggregate.events().values()) {
                for (int version = 1; version <= event.version(); version++) {
                    declared.add("events/" + aggregate.name() + "." + event.name() + "." + version);
                }
            }
        }
        try (Stream<Path> files = Files.walk(FILES)) {
            assertThat(files.filter(Files::isRegularFile)
                    .map(file -> FILES.relativize(file).toString().replace('\\', '/').replace(".json", ""))
                    .collect(Collectors.toSet())).containsExactlyInAnyOrderElementsOf(declared);
        }
        assertThat(Stream.concat(COMMANDS.keySet().stream().map(name -> "commands/" + name),
                EVENTS.keySet().stream().map(name -> "events/" + name))).containsExactlyInAnyOrderElementsOf(declared);
    }

    @TestFactory
    Stream<DynamicTest> commands_are_read_from_the_json_that_clients_have_always_sent() {
        return COMMANDS.entrySet().stream().map(command -> DynamicTest.dynamicTest(command.getKey(),
                () -> assertThat((Object) codec(command.getKey()).readCommand(command.getKey(),
                        json("commands/" + command.getKey()).getBytes(UTF_8))).isEqualTo(command.getValue())));
    }

    @TestFactory
    Stream<DynamicTest> events_are_read_from_the_json_of_all_their_versions() {
        return EVENTS.entrySet().stream().map(event -> DynamicTest.dynamicTest(event.getKey(), () -> {
            int dot = event.getKey().lastIndexOf('.');
            assertThat((Object) codec(event.getKey()).readEvent(event.getKey().substring(0, dot),
                    Integer.parseInt(event.getKey().substring(dot + 1)),
                    json("events/" + event.getKey()).getBytes(UTF_8))).isEqualTo(event.getValue());
        }));
    }

    @TestFactory
    Stream<DynamicTest> events_are_written_as_the_json_of_their_newest_version() {
        return EVENTS.entrySet().stream().filter(event -> isNewest(event.getKey()))
                .map(event -> DynamicTest.dynamicTest(event.getKey(), () -> {
                    Codec.Encoded written = write(codec(event.getKey()), event.getValue());
                    assertThat(written.type() + "." + written.version()).isEqualTo(event.getKey());
                    assertThat(new String(written.payload(), UTF_8)).isEqualTo(json("events/" + event.getKey()));
                }));
    }

    private static boolean isNewest(String key) {
        int dot = key.lastIndexOf('.');
        return !EVENTS.containsKey(key.substring(0, dot + 1) + (Integer.parseInt(key.substring(dot + 1)) + 1));
    }

    private static Codec<?, ?> codec(String wireName) {
        return new SampleDomain().aggregates().stream()
                .filter(aggregate -> wireName.startsWith(aggregate.name() + ".")).findFirst()
                .<Codec<?, ?>>map(Codec::new).orElseThrow();
    }

    @SuppressWarnings("unchecked")
    private static <E> Codec.Encoded write(Codec<?, E> codec, Object event) {
        return codec.writeEvent((E) event);
    }

    private static String json(String name) throws IOException {
        try (InputStream file = PinnedJsonTest.class.getResourceAsStream("/json/" + name + ".json")) {
            assertThat(file).as(name).isNotNull();
            return new String(file.readAllBytes(), UTF_8).strip();
        }
    }
}
