package dev.hivestream.local.check;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Commands for accounts that are all opened first: deposits, and now and then one that is refused whatever the state is.
 * The seed decides which; it also makes the ids. Thread-safe.
 */
public final class Deposits implements Supplier<Load.@Nullable Command> {

    /** What all accepted deposits come to, if all are answered. */
    public final AtomicLong sum = new AtomicLong();

    private final String name;
    private final int accounts;
    private final Random random;
    private final int refusedPercent;
    private final Deque<Load.Command> opening = new ArrayDeque<>();
    private long left;
    private long number;

    /** @param count of deposits, after which the clients end */
    public Deposits(String name, int accounts, long count, int refusedPercent, long seed) {
        this.name = name;
        this.accounts = accounts;
        this.left = count;
        this.refusedPercent = refusedPercent;
        this.random = new Random(seed);
        for (int i = 0; i < accounts; i++) {
            opening.add(new Load.Command("account", account(i), "open", name + "-open-" + i,
                    "{\"owner\":\"" + name + "\"}"));
        }
    }

    /** Without end. */
    public static Deposits endless(String name, int accounts, long seed) {
        return new Deposits(name, accounts, Long.MAX_VALUE, 5, seed);
    }

    /** The id of an account. */
    public String account(int i) {
        return name + "-" + i;
    }

    /** The commands that have to be answered before all others. */
    public Supplier<Load.@Nullable Command> opening() {
        return () -> {
            synchronized (this) {
                return opening.poll();
            }
        };
    }

    @Override
    public synchronized Load.@Nullable Command get() {
        if (left-- <= 0) {
            return null;
        }
        boolean refused = random.nextInt(100) < refusedPercent;
        int amount = refused ? 0 : 1 + random.nextInt(1_000);
        sum.addAndGet(amount);
        return new Load.Command("account", account(random.nextInt(accounts)), "deposit", name + "-" + number++,
                "{\"amount\":" + amount + "}");
    }
}
