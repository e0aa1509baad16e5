package dev.hivestream.local.check;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One made-up case: values from a seed, few and small in the first cases, more and odder in the later ones. The same seed
 * and size make the same case.
 */
public final class Made {

    private static final long SEED = seed();
    private static final int LARGEST = 60;
    private static final long[] EDGES = {0, 1, -1, 2, Long.MAX_VALUE, Long.MIN_VALUE, Integer.MAX_VALUE,
            Integer.MAX_VALUE + 1L, Integer.MIN_VALUE, 1L << 53, (1L << 53) + 1};
    private static final String[] TEXTS = {"", " ", "a", "é", "€", "😀", "\"", "\\", "\n", "\0", "\u2028", "null", "{}",
            "ﷺ", "e\u0301", "\uD800", "type", "5"};

    private final SplittableRandom random;
    private final int size;

    /** A case of its own. */
    public Made(long seed, int size) {
        this.random = new SplittableRandom(seed);
        this.size = size;
    }

    private static long seed() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("Made-up cases: -Dseed=" + seed);
        return seed;
    }

    /**
     * Holds a property against so many cases. A failure names the seed, with {@code -Dseed=…} it comes again, and the case
     * is made smaller while it still fails.
     */
    public static void cases(int count, Consumer<Made> property) {
        for (int i = 0; i < count; i++) {
            long seed = SEED + i * 0x9E3779B97F4A7C15L;
            int size = 1 + i * LARGEST / count;
            Throwable failure = failure(property, seed, size);
            if (failure == null) {
                continue;
            }
            int smallest = size;
            for (int smaller = 1; smaller < size; smaller++) {
                Throwable same = failure(property, seed, smaller);
                if (same != null) {
                    failure = same;
                    smallest = smaller;
                    break;
                }
            }
            throw new AssertionError(
                    "Case " + i + " fails, also at size " + smallest + " of " + size + ": -Dseed=" + SEED,
                    failure);
        }
    }

    private static @Nullable Throwable failure(Consumer<Made> property, long seed, int size) {
        try {
            property.accept(new Made(seed, size));
            return null;
        } catch (Exception | AssertionError | StackOverflowError e) {
            return e;
        }
    }

    /** 0 to {@code bound}, without it. */
    public int below(int bound) {
        return random.nextInt(bound);
    }

    /** True once in so many times. */
    public boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    /** Any, often a small one or one at an edge. */
    public long number() {
        return switch (random.nextInt(4)) {
            case 0 -> EDGES[random.nextInt(EDGES.length)];
            case 1 -> random.nextLong();
            default -> random.nextLong(-2, 4L * size);
        };
    }

    /** 0 or more. */
    public long position() {
        long number = number();
        return number < 0 ? ~number : number;
    }

    /** Any text that can be written as UTF-8. */
    public String text() {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(1 + size / 4); i >= 0; i--) {
            String part = TEXTS[random.nextInt(TEXTS.length)];
            // half of a pair is no character
            text.append(part.equals("\uD800") ? Character.toString(0x10000 + random.nextInt(0xFFFFF)) : part);
        }
        return text.toString();
    }

    /** One of these. */
    @SafeVarargs
    public final <T> T oneOf(T... all) {
        return all[random.nextInt(all.length)];
    }

    /** One of these. */
    public <T> T oneOf(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    /** Up to as many as the case is large. */
    public <T> List<T> list(Supplier<T> element) {
        List<T> list = new ArrayList<>();
        for (int i = random.nextInt(1 + size); i > 0; i--) {
            list.add(element.get());
        }
        return list;
    }

    /** A record with any values that its constructor takes. */
    public <R> R record(Class<R> type) {
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = Arrays.stream(components).map(component -> component.getAnnotatedType()
                .isAnnotationPresent(Nullable.class) && oneIn(2) ? null : value(component.getType())).toArray();
        Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            var constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            throw new AssertionError(type + " refuses " + Arrays.toString(values), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private Object value(Class<?> type) {
        if (type == String.class) {
            return text();
        }
        if (type == long.class) {
            return number();
        }
        if (type == boolean.class) {
            return random.nextBoolean();
        }
        if (type.isEnum()) {
            return oneOf(type.getEnumConstants());
        }
        throw new AssertionError("No values of " + type + " are made");
    }

    /** Bytes that are another's, a little changed. */
    public byte[] changed(byte[] bytes) {
        byte[] changed = bytes.clone();
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = changed.length == 0 ? 0 : random.nextInt(changed.length);
            changed = switch (random.nextInt(5)) {
                case 0 -> Arrays.copyOf(changed, at);
                case 1 -> joined(Arrays.copyOf(changed, at), new byte[]{(byte) random.nextInt(256)},
                        Arrays.copyOfRange(changed, at, changed.length));
                case 2 ->
                    joined(Arrays.copyOf(changed, at), Arrays.copyOfRange(changed, Math.min(changed.length, at + 1),
                            changed.length));
                case 3 -> joined(changed, Arrays.copyOfRange(changed, at, changed.length));
                default -> flipped(changed, at);
            };
        }
        return changed;
    }

    private byte[] flipped(byte[] bytes, int at) {
        if (bytes.length > 0) {
            bytes[at] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    private static byte[] joined(byte[]... parts) {
        byte[] all = new byte[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
