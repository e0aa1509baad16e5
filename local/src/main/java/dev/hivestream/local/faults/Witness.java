package dev.hivestream.local.faults;

import dev.hivestream.local.check.History;
import dev.hivestream.local.check.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/** All that clients did and saw. Thread-safe. */
final class Witness {

    /** For what the log and the cache are compared with. */
    final History history = new History();

    private final Queue<Operation> operations = new ConcurrentLinkedQueue<>();
    private final Map<String, Long> begun = new ConcurrentHashMap<>();
    private final Set<String> bad = ConcurrentHashMap.newKeySet();
    private final Set<String> perhapsBad = ConcurrentHashMap.newKeySet();
    private final Set<String> damaged = ConcurrentHashMap.newKeySet();
    private volatile boolean lostOffsets;
    private final Queue<String> surprises = new ConcurrentLinkedQueue<>();
    private final Map<String, LongAdder> outcomes = new ConcurrentHashMap<>();
    private final List<long[]> rollbacks = new ArrayList<>();
    private long lastAnswer;
    private long answers;
    private long longestSilence;

    /** An operation of an HTTP client is over. */
    void did(Operation operation) {
        operations.add(operation);
        count(operation.what() == Operation.What.REJECTED
                ? "rejected: " + operation.code()
                : operation.what().name().toLowerCase(Locale.ROOT));
    }

    /** A command goes into Kafka. */
    void sends(String commandId) {
        begun.put(commandId, System.nanoTime());
        history.sent(commandId);
    }

    /** A record that nobody can read went into Kafka, to {@code topic/partition/offset}. */
    void spoiled(String origin) {
        bad.add(origin);
    }

    /** A record at {@code topic/partition/offset} may end among the dead letters, or not. */
    void maySpoil(String origin) {
        perhapsBad.add(origin);
    }

    /** The value of a key of the cache was damaged; nobody uses it afterwards. */
    void damaged(String key) {
        damaged.add(key);
    }

    /** Commands that had no events may be decided again from now on. */
    void lostOffsets() {
        lostOffsets = true;
    }

    /** Something that must not be, whatever is broken. */
    void surprised(String what) {
        surprises.add(what);
    }

    /** One more of a kind. */
    void count(String outcome) {
        outcomes.computeIfAbsent(outcome, _ -> new LongAdder()).increment();
    }

    /** A client has a definite answer. */
    synchronized void answered() {
        long now = System.nanoTime();
        if (lastAnswer != 0) {
            longestSilence = Math.max(longestSilence, now - lastAnswer);
        }
        lastAnswer = now;
        answers++;
    }

    /** How many definite answers there were. */
    synchronized long answers() {
        return answers;
    }

    /** Clients rest from now on: their silence does not count. */
    synchronized void rest() {
        lastAnswer = 0;
    }

    /** From then to now Redis may have been at an older state, which readers may have seen. */
    synchronized void rolledBack(long since) {
        rollbacks.add(new long[]{since, System.nanoTime()});
    }

    /** The operations since the last call; without reads of a Redis that was rolled back, which promise nothing. */
    synchronized List<Operation> takeOperations() {
        List<Operation> taken = new ArrayList<>();
        for (Operation next = operations.poll(); next != null; next = operations.poll()) {
            Operation operation = next;
            if (operation.what() == Operation.What.READ && rollbacks.stream()
                    .anyMatch(window -> operation.begun() < window[1] && operation.ended() > window[0])) {
                count("read of a Redis that was rolled back");
            } else {
                taken.add(operation);
            }
        }
        return taken;
    }

    Map<String, Long> begun() {
        return begun;
    }

    Set<String> bad() {
        return bad;
    }

    Set<String> perhapsBad() {
        return perhapsBad;
    }

    Set<String> damaged() {
        return damaged;
    }

    boolean hasLostOffsets() {
        return lostOffsets;
    }

    List<String> surprises() {
        return List.copyOf(surprises);
    }

    Map<String, Long> outcomes() {
        Map<String, Long> counts = new TreeMap<>();
        outcomes.forEach((outcome, times) -> counts.put(outcome, times.sum()));
        return counts;
    }

    synchronized long longestSilenceMillis() {
        return longestSilence / 1_000_000;
    }
}
