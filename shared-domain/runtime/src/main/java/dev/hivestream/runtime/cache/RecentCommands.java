package dev.hivestream.runtime.cache;

import dev.hivestream.runtime.cache.Snapshot.Recalled;
import dev.hivestream.runtime.cache.Snapshot.Versions;
import dev.hivestream.runtime.message.CommandHash;
import dev.hivestream.runtime.message.CommandIdentity;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * The recent commands of an aggregate that had events, oldest first: 32 bytes each in memory, since a rebuild holds those of
 * all aggregates, and {@value #ENTRY_BYTES} bytes each in the stored form. Not thread-safe.
 *
 * <p>The newest entries are stored in the snapshot itself. When {@value #BLOCK} have come together there, all entries move
 * to the block: a value of its own, which is written once in {@value #BLOCK} commands and not with each of them.
 */
final class RecentCommands {

    /** Bytes of an entry in the stored form. */
    static final int ENTRY_BYTES = 28;
    /** So many entries in a snapshot fill a block. */
    static final int BLOCK = 32;
    /** The largest version that an entry can have: 40 bits. */
    static final long LARGEST_VERSION = (1L << 40) - 1;
    /** The largest distance between an entry's first and last version: 23 bits. */
    static final int LARGEST_SPAN = (1 << 23) - 1;

    private static final byte[] COMMANDS = JsonBytes.ascii(",\"commands\":\"");
    private static final byte[] BLOCKS = JsonBytes.ascii(",\"blocks\":[");
    /** Characters of an entry in Base64, rounded up. */
    private static final int ENTRY_CHARACTERS = 38;
    private static final int WIDTH = 4;
    private static final int SPAN_BITS = 24;
    private static final long LEGACY = 1L << SPAN_BITS - 1;

    /**
     * Four longs a command: the head of its id; the tail of its id; its body; 40 bits with the first version, the bit
     * {@link #LEGACY}, 23 bits with the distance between the first and the last version.
     */
    private long[] entries;
    private int from;
    private int to;
    /** Entries before it belong to the original of this copy, too, and must not be changed. */
    private int shared;
    /** Entries that are not in the stored block; more than all if there is none. */
    private int sinceBlock;
    /** Entries in the stored block; 0 if there is none. */
    private int blockCount;
    /** The last version of the last entry of the stored block. */
    private long blockLast;

    RecentCommands() {
        entries = new long[WIDTH];
    }

    private RecentCommands(RecentCommands original) {
        entries = original.entries;
        from = original.from;
        to = original.to;
        shared = to;
        sinceBlock = original.sinceBlock;
        blockCount = original.blockCount;
        blockLast = original.blockLast;
    }

    /**
     * A copy that can go its own way, while the original stays as it is. Both have the same array, of which the original
     * sees less: it may be copied again when this copy is needed no more, and not before.
     */
    RecentCommands copy() {
        return new RecentCommands(this);
    }

    int size() {
        return (to - from) / WIDTH;
    }

    /** The bytes that it takes in memory. */
    int bytes() {
        return 64 + entries.length * Long.BYTES;
    }

    /** The newest command of format 2 with an id, or null. */
    @Nullable
    Recalled recall(CommandHash id) {
        int at = find(id, 0, to);
        return at < 0 ? null : new Recalled(versions(at), entries[at + 2]);
    }

    /** The versions of a command with the same id, body and format, or null. */
    @Nullable
    Versions versionsOf(CommandIdentity command) {
        int at = find(command);
        return at < 0 ? null : versions(at);
    }

    private Versions versions(int at) {
        return new Versions(first(at), last(at));
    }

    private long first(int at) {
        return entries[at + 3] >>> SPAN_BITS;
    }

    private long last(int at) {
        return first(at) + (entries[at + 3] & LARGEST_SPAN);
    }

    private int find(CommandIdentity command) {
        long legacy = command.legacy() ? LEGACY : 0;
        int at = find(command.id(), legacy, to);
        while (at >= 0 && entries[at + 2] != command.body()) {
            at = find(command.id(), legacy, at);
        }
        return at;
    }

    private int find(CommandHash id, long legacy, int before) {
        for (int i = before - WIDTH; i >= from; i -= WIDTH) {
            if (entries[i] == id.head() && (int) entries[i + 1] == id.tail() && (entries[i + 3] & LEGACY) == legacy) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Adds the version of an event.
     *
     * @param command that the event came from
     * @param remembered how many commands are kept, at least 1
     * @throws IllegalStateException if an entry cannot hold the version; nothing is changed then
     */
    void add(CommandIdentity command, long version, int remembered) {
        if (version > LARGEST_VERSION) {
            throw new IllegalStateException("Version " + version + " exceeds the limit of " + LARGEST_VERSION
                    + " events of an aggregate; use another aggregate id");
        }
        // first: what is stored may be more than is kept, and must not be found
        limit(remembered);
        int known = find(command);
        if (known < 0) {
            append(command, version);
            limit(remembered);
            return;
        }
        long span = version - first(known);
        if (span > LARGEST_SPAN) {
            throw new IllegalStateException("The events of one command span the versions " + first(known) + " to "
                    + version
                    + ", more than the limit of " + LARGEST_SPAN + "; split it into commands with different ids");
        }
        if (known < shared) {
            entries = entries.clone();
            shared = 0;
        }
        entries[known + 3] = entries[known + 3] & ~LARGEST_SPAN | span;
        if ((to - known) / WIDTH > sinceBlock) {
            // the stored block has the entry as it was
            blockCount = 0;
            sinceBlock = size();
        }
    }

    /** Forgets all but the newest. */
    void limit(int remembered) {
        if (size() > remembered) {
            from = to - remembered * WIDTH;
        }
    }

    private void append(CommandIdentity command, long version) {
        if (to == entries.length) {
            int used = to - from;
            long[] larger = shared == 0 && used <= entries.length / 4 * 3 && from > 0
                    ? entries
                    : new long[used + room(used / WIDTH) * WIDTH];
            System.arraycopy(entries, from, larger, 0, used);
            entries = larger;
            shared = 0;
            from = 0;
            to = used;
        }
        entries[to] = command.id().head();
        entries[to + 1] = command.id().tail();
        entries[to + 2] = command.body();
        entries[to + 3] = version << SPAN_BITS | (command.legacy() ? LEGACY : 0);
        to += WIDTH;
        sinceBlock++;
    }

    private static int room(int used) {
        return Math.max(1, used / 4);
    }

    private int unblocked() {
        return Math.min(sinceBlock, size());
    }

    /** Roughly the bytes that they take in the snapshot itself. */
    int bytesInSnapshot() {
        return unblocked() < BLOCK ? unblocked() * ENTRY_CHARACTERS : 0;
    }

    /** The block to be written with the snapshot, or null if the stored one stays. */
    byte @Nullable [] block() {
        if (unblocked() < BLOCK) {
            return null;
        }
        ByteBuffer block = ByteBuffer.allocate(size() * ENTRY_BYTES);
        for (int at = from; at < to; at += WIDTH) {
            block.putLong(entries[at]).putInt((int) entries[at + 1]).putLong(entries[at + 2]).putLong(entries[at + 3]);
        }
        return block.array();
    }

    /** Writes the members {@code commands} and {@code blocks} of the snapshot, as far as there are any. */
    void write(JsonBytes json) {
        int inSnapshot = unblocked();
        long count = blockCount;
        long last = blockLast;
        if (inSnapshot >= BLOCK) {
            inSnapshot = 0;
            count = size();
            last = last(to - WIDTH);
        }
        if (inSnapshot > 0) {
            json.add(COMMANDS);
            for (int at = to - inSnapshot * WIDTH; at < to; at += WIDTH) {
                json.addBase64((int) (entries[at] >>> 32)).addBase64((int) entries[at])
                        .addBase64((int) entries[at + 1])
                        .addBase64((int) (entries[at + 2] >>> 32)).addBase64((int) entries[at + 2])
                        .addBase64((int) (entries[at + 3] >>> 32)).addBase64((int) entries[at + 3]);
            }
            json.endBase64().add('"');
        }
        if (inSnapshot < size()) {
            json.add(BLOCKS).add(count).add(',').add(last).add(']');
        }
    }

    /** Takes note that the block and the snapshot are stored as they were written last. */
    void stored() {
        if (unblocked() >= BLOCK) {
            blockCount = size();
            blockLast = last(to - WIDTH);
            sinceBlock = 0;
        }
    }

    /** Divides the entries between snapshot and block as others are, which must be the same entries. */
    void storedAs(RecentCommands others) {
        sinceBlock = others.sinceBlock;
        blockCount = others.blockCount;
        blockLast = others.blockLast;
    }

    /**
     * Reads what is stored.
     *
     * @param inSnapshot the entries in the snapshot
     * @param block the stored block, null if there is none
     * @param count how many entries the block has by the snapshot; 0 if the snapshot names none
     * @param last the last version of the block's last entry by the snapshot
     * @param version of the snapshot
     * @param remembered how many are kept, the newest
     * @throws IllegalArgumentException if the stored entries are inconsistent
     */
    static RecentCommands read(byte[] inSnapshot, byte @Nullable [] block, int count, long last, long version,
            int remembered) {
        if (inSnapshot.length % ENTRY_BYTES != 0 || inSnapshot.length >= BLOCK * ENTRY_BYTES) {
            throw new IllegalArgumentException(
                    "'commands' has " + inSnapshot.length + " bytes; fewer than " + BLOCK + " entries of "
                            + ENTRY_BYTES + " bytes were expected");
        }
        RecentCommands commands = new RecentCommands();
        commands.sinceBlock = inSnapshot.length / ENTRY_BYTES;
        int all = count + commands.sinceBlock;
        int kept = Math.min(all, remembered);
        commands.entries = new long[(kept + room(kept)) * WIDTH];
        if (count != 0) {
            commands.blockCount = count;
            commands.blockLast = last;
            commands.read(requireBlock(block, count, last), Math.min(count, all - kept), version);
        }
        commands.read(inSnapshot, Math.max(0, all - kept - count), version);
        return commands;
    }

    private static byte[] requireBlock(byte @Nullable [] block, int count, long last) {
        if (block == null) {
            throw new IllegalArgumentException("the block of " + count + " commands is missing");
        }
        if (block.length != (long) count * ENTRY_BYTES) {
            throw new IllegalArgumentException(
                    "the block has " + block.length + " bytes; " + count + " entries of " + ENTRY_BYTES
                            + " bytes were expected");
        }
        long versions = ByteBuffer.wrap(block).getLong(block.length - Long.BYTES);
        long found = (versions >>> SPAN_BITS) + (versions & LARGEST_SPAN);
        if (found != last) {
            throw new IllegalArgumentException(
                    "the block ends at version " + found + "; version " + last + " was expected");
        }
        return block;
    }

    private void read(byte[] stored, int skipped, long version) {
        ByteBuffer bytes = ByteBuffer.wrap(stored).position(skipped * ENTRY_BYTES);
        while (bytes.hasRemaining()) {
            entries[to] = bytes.getLong();
            entries[to + 1] = bytes.getInt();
            entries[to + 2] = bytes.getLong();
            entries[to + 3] = bytes.getLong();
            if (first(to) <= (to == 0 ? 0 : first(to - WIDTH)) || last(to) > version) {
                throw new IllegalArgumentException("a command with the versions " + first(to) + " to " + last(to)
                        + " is out of order or beyond the version " + version + " of the snapshot");
            }
            to += WIDTH;
        }
    }

    /** Whether others are the same, wherever they are stored. */
    boolean areSame(RecentCommands others) {
        return Arrays.equals(entries, from, to, others.entries, others.from, others.to);
    }

    /** Describes them to people: by id, body, versions and format. */
    void describe(ObjectNode into) {
        for (int at = from; at < to; at += WIDTH) {
            byte[] id = ByteBuffer.allocate(12).putLong(entries[at]).putInt((int) entries[at + 1]).array();
            byte[] body = ByteBuffer.allocate(Long.BYTES).putLong(entries[at + 2]).array();
            into.put(text(id), "versions " + first(at) + " to " + last(at) + ", body " + text(body)
                    + ((entries[at + 3] & LEGACY) == 0 ? "" : ", format 1"));
        }
    }

    private static String text(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
