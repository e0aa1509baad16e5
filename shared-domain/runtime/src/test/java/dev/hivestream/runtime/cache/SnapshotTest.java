package dev.hivestream.runtime.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.runtime.Tally;
import dev.hivestream.runtime.Tally.Total;
import dev.hivestream.runtime.cache.Snapshot.Versions;
import dev.hivestream.runtime.message.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;

class SnapshotTest {

    private static final SnapshotCodec<Total> CODEC = new SnapshotCodec<>(Tally.named("tally"));

    @Test
    void an_aggregate_without_events_is_not_stored() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        assertThat(snapshot.version()).isZero();
        assertThat(snapshot.state()).isEqualTo(new Total(0, ""));
        assertThat(snapshot.poison()).isNull();
        assertThat(snapshot.versionsOf("any")).isNull();
    }

    @Test
    void what_is_written_is_read_again() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        snapshot.advance(new Total(5, "grün"), "first", 256);
        snapshot.advance(new Total(6, "grün"), "second", 256);
        snapshot.advance(new Total(7, "grün"), "second", 256);

        Snapshot<Total> read = CODEC.read("a", CODEC.write(snapshot));

        assertThat(read.version()).isEqualTo(3);
        assertThat(read.state()).isEqualTo(new Total(7, "grün"));
        assertThat(read.versionsOf("first")).isEqualTo(new Versions(1, 1));
        assertThat(read.versionsOf("second")).isEqualTo(new Versions(2, 3));
        assertThat(read.versionsOf("third")).isNull();
        assertThat(text(CODEC.write(read))).isEqualTo(text(CODEC.write(snapshot)));
    }

    @Test
    void the_last_commands_are_remembered_and_the_oldest_forgotten() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        for (int i = 1; i <= 300; i++) {
            snapshot.advance(new Total(i, ""), "c" + i, 256);
        }
        snapshot = CODEC.read("a", CODEC.write(snapshot));
        assertThat(snapshot.remembered()).isEqualTo(256);
        assertThat(snapshot.versionsOf("c44")).isNull();
        assertThat(snapshot.versionsOf("c45")).isEqualTo(new Versions(45, 45));
        assertThat(snapshot.versionsOf("c300")).isEqualTo(new Versions(300, 300));

        snapshot.advance(new Total(0, ""), "c301", 256);
        assertThat(snapshot.versionsOf("c45")).as("the oldest, after a round trip too").isNull();
        assertThat(snapshot.versionsOf("c46")).isNotNull();
    }

    @Test
    void a_command_with_more_events_than_commands_are_remembered_is_remembered() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        snapshot.advance(new Total(0, ""), "old", 2);
        for (int i = 0; i < 1_000; i++) {
            snapshot.advance(new Total(i, ""), "many", 2);
        }
        assertThat(snapshot.versionsOf("many")).isEqualTo(new Versions(2, 1_001));
        assertThat(snapshot.versionsOf("old")).isEqualTo(new Versions(1, 1));
    }

    @Test
    void a_smaller_memory_forgets_at_the_next_event() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        for (int i = 1; i <= 10; i++) {
            snapshot.advance(new Total(i, ""), "c" + i, 256);
        }
        snapshot.advance(new Total(11, ""), "c11", 3);
        assertThat(snapshot.remembered()).isEqualTo(3);
        assertThat(snapshot.versionsOf("c9")).isEqualTo(new Versions(9, 9));
        assertThat(snapshot.versionsOf("c8")).isNull();
    }

    @Test
    void the_first_poison_stays_and_so_does_the_version_and_nothing_else_is_stored() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        snapshot.advance(new Total(5, ""), "c", 256);
        snapshot.poison("first");
        snapshot.poison("second");
        assertThat(snapshot.state()).isEqualTo(new Total(5, ""));

        Snapshot<Total> read = CODEC.read("a", CODEC.write(snapshot));

        assertThat(read.poison()).isEqualTo("first");
        assertThat(read.version()).isEqualTo(1);
        assertThat(read.state()).isEqualTo(new Total(0, ""));
        assertThat(read.remembered()).isZero();
        assertThat(text(CODEC.write(read))).isEqualTo(text(CODEC.write(snapshot)));
    }

    /** A state that Jackson gives up on. */
    record Hostile(int number) {
        public int number() {
            throw new IllegalStateException("not today");
        }
    }

    @Test
    void a_state_that_cannot_be_written_can_be_poisoned_and_is_read_again() {
        SnapshotCodec<Hostile> codec = new SnapshotCodec<>("hostile", () -> new Hostile(1),
                Json.TOLERANT.constructType(Hostile.class));
        Snapshot<Hostile> snapshot = codec.read("a", null);
        snapshot.advance(new Hostile(2), "c", 256);
        assertThatThrownBy(() -> codec.write(snapshot)).isInstanceOf(JacksonException.class);

        snapshot.poison("why");
        assertThat(codec.read("a", codec.write(snapshot)).poison()).isEqualTo("why");
    }

    @Test
    void an_aggregate_can_be_poisoned_by_its_first_event() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        snapshot.poison("why");
        Snapshot<Total> read = CODEC.read("a", CODEC.write(snapshot));
        assertThat(read.version()).isZero();
        assertThat(read.poison()).isEqualTo("why");
    }

    @Test
    void a_copy_goes_its_own_way() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        snapshot.advance(new Total(5, ""), "c", 256);
        Snapshot<Total> copy = snapshot.copy();
        copy.advance(new Total(6, ""), "d", 256);
        copy.poison("why");
        assertThat(snapshot.version()).isEqualTo(1);
        assertThat(snapshot.versionsOf("d")).isNull();
        assertThat(snapshot.poison()).isNull();
    }

    @Test
    void an_original_stays_as_it_is_however_far_its_copies_go() {
        Snapshot<Total> original = CODEC.read("a", null);
        for (int i = 1; i <= 40; i++) {
            original.advance(new Total(i, ""), "c" + (i + 1) / 2, 16);
            StoredSnapshot before = CODEC.write(original);
            for (int steps : new int[]{1, 3, 16, 50}) {
                Snapshot<Total> copy = original.copy();
                Snapshot<Total> same = CODEC.read("a", before);
                // the first goes on with the command before, as no batch does
                for (int step = 0; step < steps; step++) {
                    String command = step == 0 ? "c" + (i + 1) / 2 : "d" + steps + "-" + step;
                    copy.advance(new Total(step, ""), command, 16);
                    same.advance(new Total(step, ""), command, 16);
                }
                assertThat(text(CODEC.write(copy))).isEqualTo(text(CODEC.write(same)));
                assertThat(text(CODEC.write(original))).isEqualTo(text(before));
            }
            original = original.copy();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{}", "[]", "null", "5", "garbage", "{\"version\":1}",
            "{\"state\":{\"sum\":1,\"note\":\"\"}}",
            "{\"version\":0,\"state\":{\"sum\":1,\"note\":\"\"}}",
            "{\"version\":\"1\",\"state\":{\"sum\":1,\"note\":\"\"}}",
            "{\"version\":1,\"state\":null}", "{\"version\":1,\"state\":{\"sum\":\"1\",\"note\":\"\"}}",
            "{\"version\":1,\"state\":{\"sum\":1}}",
            "{\"version\":-1,\"poison\":\"why\"}", "{\"version\":1,\"poison\":{}}",
            "{\"version\":1,\"state\":{\"sum\":1,\"note\":\"\"},\"commands\":\"AAAA\"}",
            "{\"version\":1,\"state\":{\"sum\":1,\"note\":\"\"},\"commands\":\"*\"}",
            "{\"version\":1,\"state\":{\"sum\":1,\"note\":\"\"},\"commands\":5}",
            "{\"version\":1,\"state\":{\"sum\":1,\"note\":\"\"},\"blocks\":[32]}",
            "{\"version\":1,\"state\":{\"sum\":1,\"note\":\"\"},\"blocks\":[32,\"1\"]}",
            "{\"version\":1,\"state\":{\"sum\":1,\"note\":\"\"},\"blocks\":[32,1,1]}",
            "{\"version\":1,\"state\":{\"sum\":1,\"note\":\"\"},\"blocks\":{}}"})
    void what_is_no_snapshot_is_named(String stored) {
        assertThatThrownBy(() -> CODEC.read("some-id", StoredSnapshot.of(stored.getBytes(UTF_8))))
                .isInstanceOf(SnapshotCodec.Unreadable.class)
                .hasMessageContaining("aggregate tally 'some-id'");
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "{\"version\":1,\"state\":{\"sum\":1,\"note\":\"\"},\"commands\":{}}",
            "{\"version\":7,\"state\":{\"sum\":1,\"note\":\"\"},\"commands\":{\"pvfvR-6NyEr5BWow\":[6,7]}}",
            "{\"version\":7,\"state\":{\"sum\":1,\"note\":\"\"},\"commands\":{\"pvfvR-6NyEr5BWow\":[6,7]},\"poison\":\"why\"}"})
    void a_snapshot_of_format_1_is_not_one_of_format_2(String stored) {
        assertThatThrownBy(() -> CODEC.read("some-id", StoredSnapshot.of(stored.getBytes(UTF_8))))
                .isInstanceOf(SnapshotCodec.Unreadable.class)
                .hasMessage(
                        "The snapshot of aggregate tally 'some-id' cannot be read: 'commands' is missing or invalid");
    }

    @Test
    void what_a_newer_writer_added_is_passed_over() {
        assertThat(
                CODEC.read("a",
                        StoredSnapshot.of(
                                ("{\"new\":{\"a\":[1,{}]},\"version\":2,\"state\":{\"sum\":1,\"note\":\"\",\"more\":1},"
                                        + "\"last\":1}").getBytes(UTF_8)))
                        .version())
                .isEqualTo(2);
    }

    private static String text(StoredSnapshot stored) {
        return new String(stored.json(), UTF_8);
    }

    sealed interface Door {}

    record Open(long since) implements Door {}

    record Shut() implements Door {}

    @Test
    void a_sealed_state_is_read_as_what_it_was() {
        SnapshotCodec<Door> codec = new SnapshotCodec<>(Aggregate.named("door", new Decider<Open, Door, Shut>() {
            @Override
            public Door initialState() {
                return new Shut();
            }

            @Override
            public Decision<Shut> decide(Open command, Door state) {
                return Decision.accept();
            }

            @Override
            public Door evolve(Door state, Shut event) {
                return state;
            }
        }, Door.class).command("open", Open.class).event("shut", Shut.class).build());
        for (Door door : new Door[]{new Open(5), new Shut()}) {
            Snapshot<Door> snapshot = codec.read("a", null);
            snapshot.advance(door, "c", 256);
            assertThat(codec.read("a", codec.write(snapshot)).state()).isEqualTo(door);
        }
        assertThat(new String(codec.writeState(new Shut()), UTF_8)).isEqualTo("{\"type\":\"Shut\"}");
    }
}
