package dev.hivestream.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.CommandType;
import dev.hivestream.model.Domains;
import dev.hivestream.model.EventType;
import dev.hivestream.model.SagaType;
import dev.hivestream.samples.account.AccountCommand;
import dev.hivestream.samples.account.AccountEvent;
import dev.hivestream.samples.content.ContentCommand;
import dev.hivestream.samples.content.ContentEvent;
import dev.hivestream.samples.review.ReviewCommand;
import dev.hivestream.samples.review.ReviewEvent;
import dev.hivestream.samples.transfer.TransferCommand;
import dev.hivestream.samples.transfer.TransferEvent;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SampleDomainTest {

    @Test
    void the_service_loader_finds_the_samples() {
        Domains domains = Domains.load(SampleDomain.class.getClassLoader());

        assertThat(domains.aggregates()).extracting(Aggregate::name)
                .containsExactly("account", "content", "review", "transfer");
        assertThat(domains.sagas()).extracting(SagaType::name).containsExactly("money-transfer", "publication");
    }

    @Test
    void wire_names_stay_what_they_are() {
        assertThat(SampleDomain.CONTENT.commands()).containsOnlyKeys("create", "edit", "enable", "disable");
        assertThat(SampleDomain.CONTENT.events()).containsOnlyKeys("created", "edited", "enabled", "disabled");
        assertThat(SampleDomain.ACCOUNT.commands()).containsOnlyKeys("open", "deposit", "withdraw", "close");
        assertThat(SampleDomain.ACCOUNT.events()).containsOnlyKeys("opened", "deposited", "withdrawn", "closed");
        assertThat(SampleDomain.TRANSFER.commands()).containsOnlyKeys("request", "complete", "refund", "refuse");
        assertThat(SampleDomain.TRANSFER.events()).containsOnlyKeys("requested", "completed", "refunded", "refused");
        assertThat(SampleDomain.REVIEW.commands()).containsOnlyKeys("request", "approve", "refuse");
        assertThat(SampleDomain.REVIEW.events()).containsOnlyKeys("requested", "approved", "refused");
    }

    @Test
    void every_command_and_event_has_a_wire_name() {
        assertNamed(SampleDomain.CONTENT, ContentCommand.class, ContentEvent.class);
        assertNamed(SampleDomain.ACCOUNT, AccountCommand.class, AccountEvent.class);
        assertNamed(SampleDomain.TRANSFER, TransferCommand.class, TransferEvent.class);
        assertNamed(SampleDomain.REVIEW, ReviewCommand.class, ReviewEvent.class);
    }

    @Test
    void the_time_for_a_review_is_a_system_property() {
        assertThat(SampleDomain.reviewWithin()).isEqualTo(Duration.ofHours(48));
        try {
            System.setProperty("samples.review-within", "PT5S");
            assertThat(SampleDomain.reviewWithin()).isEqualTo(Duration.ofSeconds(5));
            System.setProperty("samples.review-within", "soon");
            assertThatIllegalArgumentException().isThrownBy(SampleDomain::reviewWithin)
                    .withMessage("The system property samples.review-within is no duration like PT48H: soon");
        } finally {
            System.clearProperty("samples.review-within");
        }
    }

    @Test
    void content_created_of_version_1_is_read_as_version_2() {
        assertThat(SampleDomain.CONTENT.events()).hasEntrySatisfying("created", created -> {
            assertThat(created.version()).isEqualTo(2);
            assertThat(created.upcasters().getFirst().upcast(new LinkedHashMap<>(Map.of("body", "Hello"))))
                    .isEqualTo(Map.of("text", "Hello", "enabled", false));
        });
    }

    private static <C, E> void assertNamed(Aggregate<C, ?, E> aggregate, Class<C> commands, Class<E> events) {
        assertThat(aggregate.commands().values()).<Class<?>>extracting(CommandType::type)
                .containsExactlyInAnyOrder(commands.getPermittedSubclasses());
        assertThat(aggregate.events().values()).<Class<?>>extracting(EventType::type)
                .containsExactlyInAnyOrder(events.getPermittedSubclasses());
    }
}
