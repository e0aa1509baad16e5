package dev.hivestream.runtime.property;

import static dev.hivestream.local.check.Made.cases;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.check.Made;
import dev.hivestream.runtime.Served;
import dev.hivestream.runtime.Tally;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.cache.StoredSnapshot;
import dev.hivestream.runtime.log.Fold;
import dev.hivestream.runtime.message.CommandHash;
import dev.hivestream.runtime.message.CommandIdentity;
import dev.hivestream.runtime.message.Header;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class FoldPropertiesTest {

    private static final int CASES = 400;
    private static final int REMEMBERED = 8;
    private static final Served<Tally.Add, Tally.Total, Tally.Event> TALLY = Served.of(Tally.named("tally"));

    /** A log of one aggregate: each command has one to three events. */
    private static List<ConsumerRecord<byte[], byte[]>> log(Made made) {
        List<ConsumerRecord<byte[], byte[]>> log = new ArrayList<>();
        made.list(() -> 1 + made.below(3)).forEach(events -> {
            long command = log.size();
            for (int i = 0; i < events; i++) {
                log.add(event(made, log.size() + 1, "c" + command));
            }
        });
        return log;
    }

    private static ConsumerRecord<byte[], byte[]> event(Made made, long version, String command) {
        boolean added = !made.oneIn(4);
        boolean old = added && made.oneIn(3);
        // at 13 the tally throws
        long amount = 14 + made.below(1_000);
        ConsumerRecord<byte[], byte[]> event = new ConsumerRecord<>("tally.events", 0, version, utf8("a"),
                utf8(added
                        ? "{\"" + (old ? "number" : "amount") + "\":" + amount + "}"
                        : "{\"note\":\"n" + amount + "\"}"));
        event.headers().add(Header.TYPE, utf8(added ? "tally.added" : "tally.noted"))
                .add(Header.SEQUENCE, utf8("" + version)).add(Header.DATA_VERSION, utf8(added && !old ? "2" : "1"))
                .add(Header.CAUSATION_ID, utf8(command)).add(Header.COMMAND_POSITION, utf8("topic:" + version));
        return event;
    }

    private static StoredSnapshot fold(List<ConsumerRecord<byte[], byte[]>> log) {
        Snapshot<Tally.Total> snapshot = initial();
        Fold<Tally.Total, Tally.Event> fold = fold();
        log.forEach(event -> fold.apply(snapshot, event));
        return TALLY.snapshots().write(snapshot);
    }

    private static Snapshot<Tally.Total> initial() {
        return TALLY.snapshots().read("a", null);
    }

    private static Fold<Tally.Total, Tally.Event> fold() {
        return TALLY.fold(REMEMBERED, (event, id, reason, fault) -> {});
    }

    @Test
    void a_log_folds_to_the_same_in_whatever_steps_and_with_whatever_repeats() {
        cases(CASES, made -> {
            List<ConsumerRecord<byte[], byte[]>> log = log(made);
            Fold<Tally.Total, Tally.Event> fold = fold();
            Snapshot<Tally.Total> snapshot = initial();
            for (int i = 0; i < log.size(); i++) {
                fold.apply(snapshot, log.get(i));
                if (made.oneIn(3)) {
                    fold.apply(snapshot, log.get(made.below(i + 1)));
                }
                if (made.oneIn(3)) {
                    snapshot = TALLY.snapshots().read("a", TALLY.snapshots().write(snapshot));
                }
                if (made.oneIn(5)) {
                    // a fold that went on from here and was lost
                    Snapshot<Tally.Total> lost = snapshot.copy();
                    log.subList(i, log.size()).forEach(event -> fold.apply(lost, event));
                }
            }
            if (!log.isEmpty()) {
                assertThat(text(TALLY.snapshots().write(snapshot))).isEqualTo(text(fold(log)));
            }
            assertThat(snapshot.version()).isEqualTo(log.size());
        });
    }

    @Test
    void a_gap_keeps_the_aggregate_out_at_the_version_before_it_for_good() {
        cases(CASES, made -> {
            List<ConsumerRecord<byte[], byte[]>> log = log(made);
            if (log.size() < 2) {
                return;
            }
            int gap = made.below(log.size() - 1);
            Snapshot<Tally.Total> snapshot = initial();
            Fold<Tally.Total, Tally.Event> fold = fold();
            for (int i = 0; i < log.size(); i++) {
                if (i != gap) {
                    fold.apply(snapshot, log.get(i));
                }
            }
            assertThat(snapshot.version()).isEqualTo(gap);
            assertThat(snapshot.poison()).contains("tally.events/0/" + (gap + 2));
            log.forEach(event -> fold.apply(snapshot, event));
            assertThat(snapshot.version()).isEqualTo(gap);
        });
    }

    @Test
    void the_last_commands_are_remembered_with_their_versions_and_no_others() {
        cases(CASES, made -> {
            Snapshot<Tally.Total> snapshot = initial();
            List<String> commands = new ArrayList<>();
            List<Snapshot.Versions> versions = new ArrayList<>();
            long version = 0;
            for (int events : made.list(() -> 1 + made.below(3))) {
                String command = made.text() + commands.size();
                commands.add(command);
                versions.add(new Snapshot.Versions(version + 1, version + events));
                for (int i = 0; i < events; i++) {
                    version++;
                    snapshot.advance(new Tally.Total(version, ""), command, REMEMBERED);
                }
            }
            Snapshot<Tally.Total> read = version == 0
                    ? snapshot
                    : TALLY.snapshots().read("a", TALLY.snapshots().write(snapshot));
            for (int i = 0; i < commands.size(); i++) {
                assertThat(read.versionsOf(commands.get(i)))
                        .isEqualTo(i < commands.size() - REMEMBERED ? null : versions.get(i));
            }
            assertThat(read.versionsOf("never")).isNull();
            assertThat(read.remembered()).isEqualTo(Math.min(REMEMBERED, commands.size()));
        });
    }

    /** Commands of both formats, some of several events, stored, loaded, copied and lost at any time. */
    @Test
    void commands_are_recalled_alike_however_often_their_snapshot_was_stored_and_loaded() {
        cases(CASES, made -> {
            int remembered = made.oneOf(1, 2, 8, 31, 32, 33, 64, 256);
            List<CommandIdentity> commands = new ArrayList<>();
            List<Snapshot.Versions> versions = new ArrayList<>();
            Snapshot<Tally.Total> whole = initial();
            Snapshot<Tally.Total> snapshot = initial();
            StoredSnapshot stored = null;
            long version = 0;
            int count = made.below(4) == 0 ? made.below(400) : made.below(70);
            while (commands.size() < count) {
                CommandIdentity command = command(made, commands.size());
                int events = made.oneIn(6) ? 1 + made.below(40) : 1;
                for (int i = 0; i < events; i++) {
                    version++;
                    whole.advance(new Tally.Total(version, ""), command, remembered);
                    snapshot.advance(new Tally.Total(version, ""), command, remembered);
                    if (made.oneIn(4)) {
                        StoredSnapshot written = TALLY.snapshots().write(snapshot);
                        byte[] before = stored == null ? null : stored.block();
                        stored = new StoredSnapshot(written.json(), written.block() == null ? before : written.block());
                        if (made.oneIn(2)) {
                            snapshot.stored();
                        } else {
                            snapshot = TALLY.snapshots().read("a", stored, remembered);
                        }
                        assertThat(TALLY.snapshots().isStored(whole, stored, remembered)).isTrue();
                    }
                    if (made.oneIn(5)) {
                        snapshot.copy().advance(new Tally.Total(-1, ""), command(made, -1), remembered);
                        snapshot = snapshot.copy();
                    }
                }
                commands.add(command);
                versions.add(new Snapshot.Versions(version - events + 1, version));
            }
            for (int i = 0; i < commands.size(); i++) {
                Snapshot.Versions expected = i < commands.size() - remembered ? null : versions.get(i);
                CommandIdentity command = commands.get(i);
                Snapshot.Recalled recalled = snapshot.recall(command.id());
                assertThat(command.legacy() ? snapshot.recallLegacy(command) : versions(recalled)).isEqualTo(expected);
                assertThat(recalled == null ? command.body() : recalled.body()).isEqualTo(command.body());
            }
            assertThat(snapshot.remembered()).isEqualTo(Math.min(remembered, commands.size()));
        });
    }

    private static CommandIdentity command(Made made, int number) {
        String id = made.text() + number;
        return made.oneIn(3)
                ? CommandIdentity.legacy(utf8(id), made.oneIn(2) ? null : utf8(made.text()))
                : CommandIdentity.of(CommandHash.of(made.text(), id), "tally.add", utf8(made.text()));
    }

    private static Snapshot.Versions versions(Snapshot.Recalled recalled) {
        return recalled == null ? null : recalled.versions();
    }

    @Test
    void a_snapshot_that_was_changed_is_unreadable_or_a_snapshot_and_nothing_else_is_thrown() {
        cases(5 * CASES, made -> {
            StoredSnapshot stored = fold(log(made));
            try {
                Snapshot<Tally.Total> read = TALLY.snapshots().read("a",
                        StoredSnapshot.of(made.changed(stored.json())));
                assertThat(read.state()).isNotNull();
                assertThat(read.version() > 0 || read.poison() != null).isTrue();
            } catch (SnapshotCodec.Unreadable e) {
                assertThat(e.id()).isEqualTo("a");
            }
        });
    }

    private static String text(StoredSnapshot stored) {
        return new String(stored.json(), StandardCharsets.UTF_8);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
