package dev.hivestream.runtime.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.runtime.Tally;
import dev.hivestream.runtime.Tally.Total;
import dev.hivestream.runtime.cache.Snapshot.Recalled;
import dev.hivestream.runtime.cache.Snapshot.Versions;
import dev.hivestream.runtime.message.CommandHash;
import dev.hivestream.runtime.message.CommandIdentity;
import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/**
 * The stored form of snapshots, as files under {@code src/test/resources/stored}, which were made from the description of the
 * format and not by this code. A file that has to change is a new number of the format.
 */
class PinnedSnapshotTest {

    private static final SnapshotCodec<Total> CODEC = new SnapshotCodec<>(Tally.named("tally"));

    @Test
    void a_snapshot_with_commands_of_both_formats() throws IOException {
        CommandIdentity command = command(1, "{\"amount\":5}");
        CommandIdentity legacy = CommandIdentity.legacy("c-2");
        CommandIdentity ofSaga = CommandIdentity.legacy("c-3".getBytes(UTF_8), "transfer:t-1".getBytes(UTF_8));
        Snapshot<Total> snapshot = CODEC.read("a", null);
        snapshot.advance(new Total(5, ""), command, 256);
        snapshot.advance(new Total(10, ""), command, 256);
        snapshot.advance(new Total(15, ""), legacy, 256);
        snapshot.advance(new Total(20, "grün"), ofSaga, 256);

        assertThat(CODEC.write(snapshot).json()).asString(UTF_8).isEqualTo(text("snapshot.json"));
        assertThat(CODEC.write(snapshot).block()).isNull();

        Snapshot<Total> read = CODEC.read("a", StoredSnapshot.of(text("snapshot.json").getBytes(UTF_8)));
        assertThat(read.version()).isEqualTo(4);
        assertThat(read.state()).isEqualTo(new Total(20, "grün"));
        assertThat(read.recall(command.id())).isEqualTo(new Recalled(new Versions(1, 2), command.body()));
        assertThat(read.recallLegacy(legacy)).isEqualTo(new Versions(3, 3));
        assertThat(read.recallLegacy(ofSaga)).isEqualTo(new Versions(4, 4));
    }

    @Test
    void a_block_and_the_snapshots_that_name_it() throws IOException {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        for (int i = 1; i <= 32; i++) {
            snapshot.advance(new Total(i, ""), command(i, "{\"amount\":" + i + "}"), 256);
        }
        StoredSnapshot full = CODEC.write(snapshot);
        assertThat(full.json()).asString(UTF_8).isEqualTo(text("snapshot-with-full-block.json"));
        assertThat(full.block()).isEqualTo(block());
        snapshot.stored();

        snapshot.advance(new Total(33, ""), command(33, "{\"amount\":33}"), 256);
        StoredSnapshot next = CODEC.write(snapshot);
        assertThat(next.json()).asString(UTF_8).isEqualTo(text("snapshot-with-block.json"));
        assertThat(next.block()).as("it is stored already").isNull();

        Snapshot<Total> read = CODEC.read("a",
                new StoredSnapshot(text("snapshot-with-block.json").getBytes(UTF_8), block()));
        for (int i = 1; i <= 33; i++) {
            CommandIdentity command = command(i, "{\"amount\":" + i + "}");
            assertThat(read.recall(command.id())).isEqualTo(new Recalled(new Versions(i, i), command.body()));
        }
    }

    @Test
    void a_poisoned_aggregate() throws IOException {
        Snapshot<Total> snapshot = CODEC.read("a", null);
        for (int i = 1; i <= 33; i++) {
            snapshot.advance(new Total(i, ""), command(i, "{}"), 256);
        }
        snapshot.poison("The event at \"a\" cannot be folded");
        assertThat(CODEC.write(snapshot).json()).asString(UTF_8).isEqualTo(text("poison.json"));
        assertThat(CODEC.write(snapshot).block()).isNull();
        assertThat(CODEC.read("a", StoredSnapshot.of(text("poison.json").getBytes(UTF_8))).poison())
                .isEqualTo(snapshot.poison());
    }

    private static CommandIdentity command(int number, String body) {
        return CommandIdentity.of(CommandHash.of("/hive/http", "c-" + number), "tally.add", body.getBytes(UTF_8));
    }

    private static byte[] block() throws IOException {
        return HexFormat.of().parseHex(text("block.hex").replace("\n", ""));
    }

    private static String text(String name) throws IOException {
        try (InputStream file = PinnedSnapshotTest.class.getResourceAsStream("/stored/" + name)) {
            assertThat(file).as(name).isNotNull();
            return new String(file.readAllBytes(), UTF_8).strip();
        }
    }
}
