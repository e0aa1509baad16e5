package dev.hivestream.runtime.log;

import java.util.concurrent.ThreadLocalRandom;

/**
 * The highest version of each aggregate that one pass over a log has read, in 16 bytes an aggregate and what a hash table
 * leaves free. Ids are told apart by 64 bits of a hash that is another one in each process, so that nobody can choose ids
 * that share it. Not thread-safe.
 */
public final class ReadVersions {

    private static final int FIRST_CAPACITY = 64;
    private static final long SEED = ThreadLocalRandom.current().nextLong();
    private static final long[] NONE = {};

    /** Key, version, key, version …; version 0 is a free place. */
    private long[] table = NONE;
    private int size;

    /** The highest version that was read; 0 if none was. */
    public long of(String id) {
        return table.length == 0 ? 0 : table[place(hash(id)) + 1];
    }

    /** A version was read. */
    public void read(String id, long version) {
        if (version < 1) {
            return;
        }
        if (3 * (size + 1) > table.length) {
            grow();
        }
        long key = hash(id);
        int at = place(key);
        if (table[at + 1] == 0) {
            size++;
            table[at] = key;
        }
        table[at + 1] = Math.max(table[at + 1], version);
    }

    /** Forgets all. */
    public void clear() {
        table = NONE;
        size = 0;
    }

    private void grow() {
        long[] before = table;
        table = new long[Math.max(FIRST_CAPACITY, Math.multiplyExact(before.length, 2))];
        for (int i = 0; i < before.length; i += 2) {
            if (before[i + 1] != 0) {
                int at = place(before[i]);
                table[at] = before[i];
                table[at + 1] = before[i + 1];
            }
        }
    }

    private int place(long key) {
        int places = table.length / 2;
        int at = (int) (key & places - 1);
        while (table[2 * at + 1] != 0 && table[2 * at] != key) {
            at = at + 1 & places - 1;
        }
        return 2 * at;
    }

    private static long hash(String id) {
        long hash = SEED;
        for (int i = 0; i < id.length(); i++) {
            hash = (hash ^ id.charAt(i)) * 0x9e3779b97f4a7c15L;
            hash ^= hash >>> 32;
        }
        return hash ^ hash >>> 29;
    }
}
