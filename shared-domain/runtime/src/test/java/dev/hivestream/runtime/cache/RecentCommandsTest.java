package dev.hivestream.runtime.cache;

import static dev.hivestream.runtime.Stand.CACHE;
import static dev.hivestream.runtime.Stand.utf8;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.runtime.Stand;
import dev.hivestream.runtime.Tally;
import dev.hivestream.runtime.Tally.Total;
import dev.hivestream.runtime.cache.Snapshot.Recalled;
import dev.hivestream.runtime.cache.Snapshot.Versions;
import dev.hivestream.runtime.message.CommandHash;
import dev.hivestream.runtime.message.CommandIdentity;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecentCommandsTest {

    private static final SnapshotCodec<Total> CODEC = new SnapshotCodec<>(Tally.named("tally"));
    private static final String G = "g1-f";

    private final Slot slot = new Slot("recent-" + UUID.randomUUID(), 0);
    private Checkpoint at;

    @Test
    void a_command_is_recalled_by_source_and_id_and_its_body_is_told() {
        RecentCommands commands = new RecentCommands();
        CommandIdentity deposit = CommandIdentity.of(CommandHash.of("/hive/http", "c"), "deposit", utf8("{}"));
        commands.add(deposit, 1, 256);

        assertThat(commands.recall(deposit.id())).isEqualTo(new Recalled(new Versions(1, 1), deposit.body()));
        assertThat(commands.recall(CommandHash.of("/hive/saga/x", "c"))).as("of another source").isNull();
        assertThat(commands.recall(CommandHash.of("/hive/http", "d"))).as("of another id").isNull();
        assertThat(commands.versionsOf(new CommandIdentity(deposit.id(), deposit.body(), true)))
                .as("of the other format").isNull();
    }

    @Test
    void a_command_of_format_1_is_recalled_by_id_and_saga() {
        RecentCommands commands = new RecentCommands();
        CommandIdentity ofClient = CommandIdentity.legacy("c");
        CommandIdentity ofSaga = CommandIdentity.legacy(utf8("c"), utf8("transfer:t-1"));
        commands.add(ofSaga, 1, 256);
        assertThat(commands.versionsOf(ofSaga)).isEqualTo(new Versions(1, 1));
        assertThat(commands.versionsOf(ofClient)).as("sent by no saga").isNull();
        assertThat(commands.versionsOf(CommandIdentity.legacy(utf8("c"), utf8("transfer:t-2")))).isNull();
        assertThat(commands.recall(ofSaga.id())).as("of format 2").isNull();

        commands.add(ofClient, 2, 256);
        commands.add(ofSaga, 3, 256);
        assertThat(commands.versionsOf(ofClient)).isEqualTo(new Versions(2, 2));
        assertThat(commands.versionsOf(ofSaga)).isEqualTo(new Versions(1, 3));
    }

    @Test
    void an_entry_has_28_bytes_at_its_largest_too() {
        CommandIdentity largest = new CommandIdentity(new CommandHash(-1, -1), -1, true);
        RecentCommands commands = new RecentCommands();
        long first = RecentCommands.LARGEST_VERSION - RecentCommands.LARGEST_SPAN;
        for (int i = 1; i < RecentCommands.BLOCK; i++) {
            commands.add(command(i), i, 256);
        }
        commands.add(largest, first, 256);
        commands.add(largest, RecentCommands.LARGEST_VERSION, 256);

        byte[] block = commands.block();
        assertThat(block).hasSize(RecentCommands.BLOCK * RecentCommands.ENTRY_BYTES);
        byte[] expected = new byte[RecentCommands.ENTRY_BYTES];
        Arrays.fill(expected, (byte) -1);
        expected[22] = (byte) 0x80;
        expected[23] = 0;
        expected[24] = 0;
        assertThat(Arrays.copyOfRange(block, block.length - 28, block.length)).isEqualTo(expected);
        RecentCommands read = RecentCommands.read(new byte[0], block, RecentCommands.BLOCK,
                RecentCommands.LARGEST_VERSION, RecentCommands.LARGEST_VERSION, 256);
        assertThat(read.versionsOf(largest)).isEqualTo(new Versions(first, RecentCommands.LARGEST_VERSION));
    }

    @Test
    void a_version_that_an_entry_cannot_hold_is_refused_and_nothing_is_changed() {
        RecentCommands commands = new RecentCommands();
        assertThatThrownBy(() -> commands.add(command(1), RecentCommands.LARGEST_VERSION + 1, 256))
                .isInstanceOf(IllegalStateException.class).hasMessage("Version 1099511627776 exceeds the limit of "
                        + "1099511627775 events of an aggregate; use another aggregate id");
        commands.add(command(1), 5, 256);
        assertThatThrownBy(() -> commands.add(command(1), 6L + RecentCommands.LARGEST_SPAN, 256))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("The events of one command span the versions 5 to "
                        + "8388613, more than the limit of 8388607; split it into commands with different ids");
        assertThat(commands.size()).isOne();
        assertThat(commands.recall(command(1).id()).versions()).isEqualTo(new Versions(5, 5));
        commands.add(command(1), 5L + RecentCommands.LARGEST_SPAN, 256);
        assertThat(commands.recall(command(1).id()).versions())
                .isEqualTo(new Versions(5, 5 + RecentCommands.LARGEST_SPAN));
    }

    /** Each command is stored in Redis and loaded again now and then: what is found must not depend on it. */
    @ParameterizedTest
    @CsvSource({"31,256,1", "32,256,1", "33,256,1", "64,256,1", "256,256,1", "300,256,1", "300,1,1", "300,31,1",
            "300,32,1", "300,33,1", "300,256,5", "300,256,31", "300,256,32", "300,256,33", "300,40,300", "70,33,7"})
    void exactly_the_newest_commands_are_found_in_memory_and_after_a_load(int commands, int remembered, int perWrite) {
        Snapshot<Total> inMemory = CODEC.read("a", null);
        Snapshot<Total> loaded = inMemory;
        for (int i = 1; i <= commands; i++) {
            inMemory.advance(new Total(i, ""), command(i), remembered);
            if (loaded != inMemory) {
                loaded.advance(new Total(i, ""), command(i), remembered);
            }
            if (i % perWrite == 0) {
                store(inMemory);
                assertThat(CODEC.isStored(inMemory, load(), remembered)).isTrue();
                store(loaded);
                loaded = CODEC.read("a", load(), remembered);
                assertThat(CODEC.isStored(inMemory, load(), remembered)).isTrue();
            }
            if (i % perWrite == 0 && (i % 7 == 0 || i == commands)) {
                assertThat(loaded.remembered()).isEqualTo(Math.min(i, remembered));
                assertThat(inMemory.remembered()).isEqualTo(Math.min(i, remembered));
                for (int j = 1; j <= i + 1; j++) {
                    Recalled expected = j > i || j <= i - remembered
                            ? null
                            : new Recalled(new Versions(j, j), command(j).body());
                    assertThat(inMemory.recall(command(j).id())).as("%s of %s in memory", j, i).isEqualTo(expected);
                    assertThat(loaded.recall(command(j).id())).as("%s of %s loaded", j, i).isEqualTo(expected);
                }
            }
        }
        assertThat(loaded.version()).isEqualTo(commands);
    }

    @Test
    void at_most_31_commands_are_in_the_snapshot_and_the_block_is_written_once_in_32() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        int blocks = 0;
        for (int i = 1; i <= 320; i++) {
            snapshot.advance(new Total(i, ""), command(i), 256);
            StoredSnapshot stored = store(snapshot);
            blocks += stored.block() == null ? 0 : 1;
            String json = new String(stored.json(), UTF_8);
            assertThat(stored.json().length).as(json).isLessThan(31 * 38 + 100);
            assertThat(json.contains("\"commands\"")).isEqualTo(i % 32 != 0);
            assertThat(json.contains("\"blocks\"")).isEqualTo(i >= 32);
            if (stored.block() != null) {
                assertThat(stored.block()).hasSize(Math.min(i, 256) * 28);
            }
        }
        assertThat(blocks).isEqualTo(10);
    }

    @Test
    void a_block_that_was_not_stored_is_written_again() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        for (int i = 1; i <= 32; i++) {
            snapshot.advance(new Total(i, ""), command(i), 256);
        }
        assertThat(CODEC.write(snapshot).block()).hasSize(32 * 28);
        assertThat(CODEC.write(snapshot).block()).as("nobody said that it was stored").hasSize(32 * 28);
        snapshot.advance(new Total(33, ""), command(33), 256);
        assertThat(CODEC.write(snapshot).block()).hasSize(33 * 28);
    }

    @Test
    void another_event_of_a_command_in_the_block_has_the_block_written_again() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        for (int i = 1; i <= 32; i++) {
            snapshot.advance(new Total(i, ""), command(i), 256);
        }
        store(snapshot);
        snapshot.advance(new Total(33, ""), command(32), 256);
        StoredSnapshot stored = store(snapshot);
        assertThat(stored.block()).hasSize(32 * 28);
        assertThat(new String(stored.json(), UTF_8)).endsWith(",\"blocks\":[32,33]}");
        assertThat(CODEC.read("a", load(), 256).recall(command(32).id()).versions()).isEqualTo(new Versions(32, 33));
        assertThat(CODEC.isStored(snapshot, load(), 256)).isTrue();
    }

    @Test
    void one_command_with_many_events_is_one_entry() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        for (int i = 1; i <= 5_000; i++) {
            snapshot.advance(new Total(i, ""), command(1), 1);
            if (i % 1_000 == 0) {
                assertThat(store(snapshot).block()).isNull();
            }
        }
        assertThat(CODEC.read("a", load(), 1).recall(command(1).id()).versions()).isEqualTo(new Versions(1, 5_000));
    }

    @Test
    void a_smaller_memory_finds_no_more_than_it_may_and_leaves_the_block_in_the_end() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        for (int i = 1; i <= 40; i++) {
            snapshot.advance(new Total(i, ""), command(i), 256);
            store(snapshot);
        }
        Snapshot<Total> smaller = CODEC.read("a", load(), 10);
        assertThat(smaller.remembered()).isEqualTo(10);
        assertThat(smaller.recall(command(30).id())).isNull();
        assertThat(smaller.recall(command(31).id())).isNotNull();
        for (int i = 41; i <= 60; i++) {
            smaller.advance(new Total(i, ""), command(i), 10);
            String json = new String(store(smaller).json(), UTF_8);
            assertThat(json.contains("\"blocks\"")).as(json).isEqualTo(i < 42);
            smaller = CODEC.read("a", load(), 10);
            assertThat(smaller.remembered()).isEqualTo(10);
        }
    }

    @Test
    void a_snapshot_that_was_read_and_not_advanced_is_written_as_it_is_stored() {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        for (int i = 1; i <= 40; i++) {
            snapshot.advance(new Total(i, ""), command(i), 256);
            store(snapshot);
        }
        StoredSnapshot stored = load();
        StoredSnapshot again = CODEC.write(CODEC.read("a", stored, 256));
        assertThat(again.json()).isEqualTo(stored.json());
        assertThat(again.block()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing", "older", "newer", "shorter", "longer", "of another type", "not whole"})
    void a_block_that_is_not_the_one_named_is_damage(String damage) {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        for (int i = 1; i <= 70; i++) {
            snapshot.advance(new Total(i, ""), command(i), 33);
            store(snapshot);
        }
        assertThatCode(() -> CODEC.read("a", load(), 33)).doesNotThrowAnyException();
        byte[] block = load().block();
        String key = new String(Keys.commands(slot, G, "a"), UTF_8);
        Stand.STACK.redis().call("DEL", key);
        switch (damage) {
            case "missing" -> assertThat(load().block()).isNull();
            case "older" -> put(CODEC.write(folded(40, 33)).block());
            case "newer" -> put(CODEC.write(folded(96, 33)).block());
            case "shorter" -> put(Arrays.copyOf(block, block.length - 28));
            case "longer" -> put(Arrays.copyOf(block, block.length + 28));
            case "not whole" -> put(Arrays.copyOf(block, block.length - 1));
            default -> Stand.STACK.redis().call("RPUSH", key, "nonsense");
        }
        assertThatThrownBy(() -> CODEC.read("a", load(), 33)).isInstanceOf(SnapshotCodec.Unreadable.class)
                .hasMessageStartingWith("The snapshot of aggregate tally 'a' cannot be read: the block ")
                .extracting(thrown -> ((SnapshotCodec.Unreadable) thrown).id()).isEqualTo("a");
        assertThat(CODEC.isStored(snapshot, load(), 33)).isFalse();
    }

    @Test
    void commands_out_of_order_or_beyond_the_version_are_damage() {
        byte[] two = Arrays.copyOf(CODEC.write(folded(32)).block(), 56);
        byte[] swapped = new byte[56];
        System.arraycopy(two, 28, swapped, 0, 28);
        System.arraycopy(two, 0, swapped, 28, 28);
        assertThat(RecentCommands.read(two, null, 0, 0, 2, 256).size()).isEqualTo(2);
        assertThatThrownBy(() -> RecentCommands.read(swapped, null, 0, 0, 2, 256))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RecentCommands.read(two, null, 0, 0, 1, 256))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RecentCommands.read(new byte[32 * 28], null, 0, 0, 1, 256))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void what_differs_from_the_log_is_not_stored_like_it() {
        Snapshot<Total> snapshot = folded(40);
        store(snapshot);
        assertThat(CODEC.isStored(folded(40), load(), 256)).isTrue();
        assertThat(CODEC.isStored(folded(39), load(), 256)).isFalse();
        Snapshot<Total> other = folded(39);
        other.advance(new Total(40, ""), command(41), 256);
        assertThat(CODEC.isStored(other, load(), 256)).as("another command").isFalse();
        Snapshot<Total> state = folded(39);
        state.advance(new Total(41, ""), command(40), 256);
        assertThat(CODEC.isStored(state, load(), 256)).as("another state").isFalse();
        assertThat(CODEC.describe("a", load(), 256).path("commands").size()).isEqualTo(40);
        assertThat(CODEC.describe("a", load(), 256).path("blocks").isMissingNode()).isTrue();
        snapshot.poison("why");
        assertThat(CODEC.isStored(snapshot, load(), 256)).isFalse();
        store(snapshot);
        assertThat(CODEC.isStored(snapshot, load(), 256)).isTrue();
    }

    private static Snapshot<Total> folded(int commands) {
        return folded(commands, 256);
    }

    private static Snapshot<Total> folded(int commands, int remembered) {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        for (int i = 1; i <= commands; i++) {
            snapshot.advance(new Total(i, ""), command(i), remembered);
        }
        return snapshot;
    }

    private StoredSnapshot store(Snapshot<Total> snapshot) {
        StoredSnapshot written = CODEC.write(snapshot);
        Checkpoint next = Checkpoint.at(snapshot.version(), Position.NONE);
        assertThat(CACHE.write(slot, G, at, next, Map.of("a", written), List.of())).isTrue();
        at = next;
        snapshot.stored();
        return written;
    }

    private StoredSnapshot load() {
        return CACHE.load(slot, "f", G, List.of("a")).snapshots().getFirst();
    }

    private void put(byte[] block) {
        assertThat(block).isNotNull();
        try (var redis = Stand.REDIS.getConnection()) {
            redis.stringCommands().set(Keys.commands(slot, G, "a"), block);
        }
    }

    private static CommandIdentity command(int number) {
        return CommandIdentity.of(CommandHash.of("/hive/http", "c" + number), "tally.add",
                utf8("{\"amount\":" + number + "}"));
    }
}
