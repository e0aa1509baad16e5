package dev.hivestream.cacherebuilder;

import java.nio.charset.StandardCharsets;

/**
 * A set of ids in 8 bytes each and what a hash table leaves free: ids are told apart by 64 bits of a hash. Not thread-safe.
 */
final class IdSet {

    private static final int FIRST_CAPACITY = 1_024;
    private static final long[] NONE = {};

    /** 0 is a free place. */
    private long[] table = NONE;
    private int size;

    /** Has no effect if it is in the set. */
    void add(String id) {
        if (2 * (size + 1) > table.length) {
            grow();
        }
        long key = hash(id);
        int at = place(key);
        if (table[at] == 0) {
            table[at] = key;
            size++;
        }
    }

    boolean contains(String id) {
        return table.length > 0 && table[place(hash(id))] != 0;
    }

    int size() {
        return size;
    }

    void clear() {
        table = NONE;
        size = 0;
    }

    private void grow() {
        long[] before = table;
        table = new long[Math.max(FIRST_CAPACITY, Math.multiplyExact(before.length, 2))];
        for (long key : before) {
            if (key != 0) {
                table[place(key)] = key;
            }
        }
    }

    private int place(long key) {
        int at = (int) (key ^ key >>> 32) & table.length - 1;
        while (table[at] != 0 && table[at] != key) {
            at = at + 1 & table.length - 1;
        }
        return at;
    }

    private static long hash(String id) {
        long hash = 0xcbf29ce484222325L;
        for (byte one : id.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ one) * 0x100000001b3L;
        }
        return hash == 0 ? 1 : hash;
    }
}
