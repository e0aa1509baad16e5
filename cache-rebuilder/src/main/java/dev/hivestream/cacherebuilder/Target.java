package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Fingerprint;
import dev.hivestream.runtime.message.Slot;
import java.util.ArrayList;
import java.util.List;

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
