package dev.hivestream.runtime.log;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The {@link VersionViolation}s that folds have found: all are counted, and the first ones are named. A place in the log is counted
 * once, however often it is folded; beyond {@link #REMEMBERED} places, one that is folded twice counts twice. Thread-safe.
 */
public final class VersionViolations {

    /** Each takes about 100 bytes. */
    static final int REMEMBERED = 100_000;

    private record Place(String topic, int partition, long offset) {}

    private final int limit;
    private final List<VersionViolation> named = new ArrayList<>();
    private final Set<Place> places = new HashSet<>();
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
        if (!count(new Place(violation.topic(), violation.partition(), violation.offset()))) {
            return false;
        }
        if (named.size() < limit) {
            named.add(violation);
        }
        return true;
    }

    private boolean count(Place place) {
        boolean isNew = places.size() < REMEMBERED ? places.add(place) : !places.contains(place);
        if (isNew) {
            count++;
        }
        return isNew;
    }

    /** Adds all of another one. */
    public void addAll(VersionViolations others) {
        List<VersionViolation> theirs;
        List<Place> counted;
        long uncertain;
        synchronized (others) {
            theirs = others.named();
            counted = List.copyOf(others.places);
            uncertain = others.count - others.places.size();
        }
        synchronized (this) {
            theirs.forEach(this::add);
            counted.forEach(this::count);
            count += uncertain;
        }
    }

    /** Forgets all. */
    public synchronized void clear() {
        named.clear();
        places.clear();
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
        return List.copyOf(named);
    }
}
