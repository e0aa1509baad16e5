package dev.hivestream.runtime.log;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The {@link VersionViolation}s that folds have found: all are counted, and the first ones are named. One that is named is
 * counted once, however often its part of the log is folded; of the others only the number is known, and one that is folded
 * twice counts twice. Thread-safe.
 */
public final class VersionViolations {

    private record Place(String topic, int partition, long offset) {}

    private final int limit;
    private final Map<Place, VersionViolation> named = new LinkedHashMap<>();
    private long count;

    /** @param limit how many are named */
    public VersionViolations(int limit) {
        this.limit = limit;
    }

    /**
     * Adds one.
     *
     * @return whether it was not known before
     */
    public synchronized boolean add(VersionViolation violation) {
        Place place = new Place(violation.topic(), violation.partition(), violation.offset());
        if (named.containsKey(place)) {
            return false;
        }
        if (named.size() < limit) {
            named.put(place, violation);
        }
        count++;
        return true;
    }

    /** Adds all of another one. */
    public void addAll(VersionViolations others) {
        List<VersionViolation> theirs = others.named();
        long unnamed = others.count() - theirs.size();
        theirs.forEach(this::add);
        synchronized (this) {
            count += unnamed;
        }
    }

    /** Forgets all. */
    public synchronized void clear() {
        named.clear();
        count = 0;
    }

    public synchronized boolean isEmpty() {
        return count == 0;
    }

    /** How many there are. */
    public synchronized long count() {
        return count;
    }

    /** The first ones. */
    public synchronized List<VersionViolation> named() {
        return List.copyOf(named.values());
    }
}
