package dev.hivestream.runtime.message;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A record's headers by name, the last of each, as bytes; those without a value are left out. A record has so few of them
 * that looking through them takes less than a table. Cannot be changed.
 */
final class HeaderMap extends AbstractMap<String, Object> {

    private final String[] names;
    private final byte[][] values;
    private final int size;

    HeaderMap(Headers headers) {
        Header[] all = headers.toArray();
        names = new String[all.length];
        values = new byte[all.length][];
        int count = 0;
        for (Header header : all) {
            byte[] value = header.value();
            if (value != null) {
                String name = header.key();
                int at = indexOf(name, count);
                if (at < 0) {
                    at = count++;
                    names[at] = name;
                }
                values[at] = value;
            }
        }
        size = count;
    }

    private int indexOf(Object name, int count) {
        for (int i = 0; i < count; i++) {
            if (names[i].equals(name)) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public byte @Nullable [] get(Object name) {
        int at = indexOf(name, size);
        return at < 0 ? null : values[at];
    }

    @Override
    public boolean containsKey(Object name) {
        return indexOf(name, size) >= 0;
    }

    @Override
    public int size() {
        return size;
    }

    /** The bytes of names and values. */
    int bytes() {
        int bytes = 0;
        for (int i = 0; i < size; i++) {
            bytes += names[i].length() + values[i].length;
        }
        return bytes;
    }

    @Override
    public Set<Map.Entry<String, Object>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public Iterator<Map.Entry<String, Object>> iterator() {
                return IntStream.range(0, size).mapToObj(i -> Map.entry(names[i], (Object) values[i])).iterator();
            }

            @Override
            public int size() {
                return size;
            }
        };
    }

    @Override
    public String toString() {
        return Arrays.toString(Arrays.copyOf(names, size));
    }
}
