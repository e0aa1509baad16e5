package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Generations;
import dev.hivestream.runtime.cache.Generations.Generation;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Fingerprint;
import dev.hivestream.runtime.message.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * An aggregate and the generation of its cache that a command is about.
 *
 * @param fingerprint of the code on the class path
 * @param resumed whether it was begun by an earlier run
 */
record Target<S, E>(Folded<S, E> served, String fingerprint, String generation, boolean resumed,
        List<Slot> slots) {

    /** Of the code on the class path, for the log as it is. */
    static String fingerprint(Folded<?, ?> served, Topics topics) {
        return served.fingerprint(topics.requireLog(served));
    }

    /**
     * The aggregates and sagas that have a generation of this name.
     *
     * @throws StartRefused if there is none; the message names those that there are
     */
    static Set<String> having(String generation, FoldedLogs served, Generations generations, int partitions) {
        Set<String> having = new TreeSet<>();
        List<String> known = new ArrayList<>();
        for (String aggregate : new TreeSet<>(served.byName().keySet())) {
            List<String> names = generations.of(aggregate, partitions).stream().map(Generation::name).toList();
            if (names.contains(generation)) {
                having.add(aggregate);
            }
            if (!names.isEmpty()) {
                known.add(String.join(", ", names) + " of " + aggregate);
            }
        }
        if (having.isEmpty()) {
            throw new StartRefused("There is no generation '" + generation + "'. "
                    + (known.isEmpty() ? "There are no generations" : "There are: " + String.join("; ", known)));
        }
        return having;
    }

    static List<Slot> slots(String aggregate, int partitions) {
        List<Slot> slots = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) {
            slots.add(new Slot(aggregate, partition));
        }
        return slots;
    }

    String aggregate() {
        return served.name();
    }
}
