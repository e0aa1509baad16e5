package dev.hivestream.runtime.property;

import static dev.hivestream.local.check.Made.cases;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.check.Made;
import dev.hivestream.runtime.Served;
import dev.hivestream.runtime.Tally;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.log.Fold;
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

    private static byte[] fold(List<ConsumerRecord<byte[], byte[]>> log) {
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
                assertThat(TALLY.snapshots().write(snapshot)).asString().isEqualTo(new String(fold(log)));
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

    @Test
    void a_snapshot_that_was_changed_is_unreadable_or_a_snapshot_and_nothing_else_is_thrown() {
        cases(5 * CASES, made -> {
            byte[] stored = fold(log(made));
            try {
                Snapshot<Tally.Total> read = TALLY.snapshots().read("a", made.changed(stored));
                assertThat(read.state()).isNotNull();
                assertThat(read.version() > 0 || read.poison() != null).isTrue();
            } catch (SnapshotCodec.Unreadable e) {
                assertThat(e.id()).isEqualTo("a");
            }
        });
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
