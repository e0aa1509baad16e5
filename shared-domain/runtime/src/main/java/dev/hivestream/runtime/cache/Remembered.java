package dev.hivestream.runtime.cache;

import dev.hivestream.runtime.cache.Snapshot.Versions;
import dev.hivestream.runtime.message.CommandHash;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The commands that an aggregate remembers, oldest first: 24 bytes each, for a rebuild holds those of all aggregates. Not
 * thread-safe.
 */
final class Remembered {

    private static final int HASH_CHARACTERS = 16;
    /** So many characters of a hash are bits of its head alone. */
    private static final int HEAD_CHARACTERS = 10;
    private static final byte[] VALUES = values();
    private static final int WIDTH = 3;
    /** What one takes as JSON, while versions have few digits. */
    static final int TYPICAL_BYTES = HASH_CHARACTERS + 11;

    /** Three a command: 64 bits of the hash; the other 32, and how many versions after the first; the first version. */
    private long[] entries;
    private int from;
    private int to;
    /** What comes before is that of the one that this is a copy of, too, and must not be changed. */
    private int shared;

    Remembered() {
        entries = new long[WIDTH];
    }

    private Remembered(Remembered original) {
        entries = original.entries;
        from = original.from;
        to = original.to;
        shared = to;
    }

    /**
     * A copy that can go its own way, while the original stays as it is. Both have the same array, of which the original
     * sees less: it may be copied again when this copy is needed no more, and not before.
     */
    Remembered copy() {
        return new Remembered(this);
    }

    int size() {
        return (to - from) / WIDTH;
    }

    /** The bytes that it takes in memory. */
    int bytes() {
        return 48 + entries.length * Long.BYTES;
    }

    @Nullable
    Versions versionsOf(CommandHash command) {
        int at = find(command.head(), command.tail());
        return at < 0 ? null : versions(at);
    }

    /** The version of another event of a command. */
    void add(CommandHash command, long version, int remembered) {
        int known = find(command.head(), command.tail());
        if (known < 0) {
            append(command.head(), command.tail(), version, version);
        } else {
            if (known < shared) {
                entries = entries.clone();
                shared = 0;
            }
            entries[known + 1] = (long) command.tail() << 32 | version - entries[known + 2];
        }
        from = Math.max(from, to - remembered * WIDTH);
    }

    private int find(long head, int tail) {
        for (int i = to - WIDTH; i >= from; i -= WIDTH) {
            if (entries[i] == head && (int) (entries[i + 1] >> 32) == tail) {
                return i;
            }
        }
        return -1;
    }

    private void append(long head, int tail, long first, long last) {
        if (to == entries.length) {
            int used = to - from;
            long[] larger = shared == 0 && used <= entries.length / 4 * 3 && from > 0
                    ? entries
                    : new long[used + Math.max(1, used / WIDTH / 4) * WIDTH];
            System.arraycopy(entries, from, larger, 0, used);
            entries = larger;
            shared = 0;
            from = 0;
            to = used;
        }
        entries[to] = head;
        entries[to + 1] = (long) tail << 32 | last - first;
        entries[to + 2] = first;
        to += WIDTH;
    }

    private Versions versions(int at) {
        return new Versions(entries[at + 2], entries[at + 2] + (int) entries[at + 1]);
    }

    /** Writes them as properties of a JSON object, the oldest first: the hash of the id, first and last version. */
    void write(JsonBytes json) {
        for (int at = from; at < to; at += WIDTH) {
            if (at > from) {
                json.add(',');
            }
            json.add('"');
            write(entries[at], (int) (entries[at + 1] >> 32), json);
            long first = entries[at + 2];
            json.add('"').add(':').add('[').add(first).add(',').add(first + (int) entries[at + 1]).add(']');
        }
    }

    /** A hash as it is stored: 16 characters of URL-safe Base64. */
    private static void write(long head, int tail, JsonBytes json) {
        json.addBase64(head >>> 4, HEAD_CHARACTERS)
                .addBase64((head & 15) << Integer.SIZE | tail & 0xffff_ffffL, HASH_CHARACTERS - HEAD_CHARACTERS);
    }

    /**
     * Reads one that was stored, the oldest first.
     *
     * @throws IllegalArgumentException if that is not the hash of an id
     */
    void read(String hash, long first, long last) {
        if (hash.length() != HASH_CHARACTERS || first < 1 || last < first || last - first > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("'" + hash + "' [" + first + "," + last + "] is no remembered command");
        }
        long head = 0;
        int tail = 0;
        for (int i = 0; i < HASH_CHARACTERS; i++) {
            int value = hash.charAt(i) < VALUES.length ? VALUES[hash.charAt(i)] : -1;
            if (value < 0) {
                throw new IllegalArgumentException("'" + hash + "' is no hash");
            }
            if (i < HEAD_CHARACTERS) {
                head = head << 6 | value;
            } else if (i == HEAD_CHARACTERS) {
                head = head << 4 | value >> 2;
                tail = value & 3;
            } else {
                tail = tail << 6 | value;
            }
        }
        append(head, tail, first, last);
    }

    private static byte[] values() {
        byte[] values = new byte[128];
        Arrays.fill(values, (byte) -1);
        for (int i = 0; i < JsonBytes.BASE64.length; i++) {
            values[JsonBytes.BASE64[i]] = (byte) i;
        }
        return values;
    }

    /** The stored form of an id's hash. */
    static String text(CommandHash command) {
        JsonBytes text = new JsonBytes(HASH_CHARACTERS);
        write(command.head(), command.tail(), text);
        return new String(text.toByteArray(), StandardCharsets.US_ASCII);
    }
}
