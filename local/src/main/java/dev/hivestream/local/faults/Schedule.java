package dev.hivestream.local.faults;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Which kinds of faults come when: all of them, shuffled, before one comes again; every third time two at once. */
final class Schedule {

    private final Set<Kind> kinds;
    private final Random random;
    private final List<Kind> deck = new ArrayList<>();

    Schedule(Set<Kind> kinds, long seed) {
        this.kinds = EnumSet.copyOf(kinds);
        this.random = new Random(seed);
    }

    /** What is broken next, at the same time. */
    List<Kind> next() {
        Kind first = draw();
        List<Kind> together = new ArrayList<>(List.of(first));
        if (random.nextInt(3) == 0) {
            Kind second = draw();
            if (second.part() != first.part()) {
                together.add(second);
            } else {
                deck.addFirst(second);
            }
        }
        return together;
    }

    private Kind draw() {
        if (deck.isEmpty()) {
            deck.addAll(kinds);
            Collections.shuffle(deck, random);
        }
        return deck.removeLast();
    }
}
