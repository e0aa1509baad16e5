package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Generations;
import dev.hivestream.runtime.cache.Generations.Generation;
import dev.hivestream.runtime.log.Topics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The commands {@code generations} and {@code remove}. */
final class GenerationList {

    private final FoldedLogs served;
    private final Topics topics;
    private final Generations generations;
    private final HiveProperties hive;
    private final RebuilderProperties properties;

    GenerationList(FoldedLogs served, Topics topics, Generations generations, HiveProperties hive,
            RebuilderProperties properties) {
        this.served = served;
        this.topics = topics;
        this.generations = generations;
        this.hive = hive;
        this.properties = properties;
    }

    Outcome list() {
        List<Map<String, Object>> json = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        served.byName().forEach((aggregate, one) -> {
            String own = Target.fingerprint(one, topics);
            for (Generation found : generations.of(aggregate, hive.partitions())) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("aggregate", aggregate);
                entry.put("generation", found.name());
                entry.put("ofThisCode", found.fingerprint().equals(own));
                entry.put("wanted", found.wanted());
                entry.put("activePartitions", found.active().size());
                entry.put("building", found.building());
                entry.put("positions", found.checkpoints());
                json.add(entry);
                text.append("%s  %s%s%s%s%s%n".formatted(aggregate, found.name(), found.wanted() ? "  wanted" : "",
                        found.active().isEmpty() ? "" : "  active in " + found.active().size() + " partitions",
                        found.building() ? "  being built" : "",
                        found.fingerprint().equals(own) ? "" : "  of other code"));
            }
        });
        return new Outcome(Outcome.DONE, Map.of("command", "generations", "generations", json),
                json.isEmpty() ? "There are no generations" + System.lineSeparator() : text.toString());
    }

    Outcome remove() {
        if (properties.arguments().size() != 1) {
            throw new StartRefused("remove wants a generation: remove g1-0123456789ab. There are: generations");
        }
        String name = properties.arguments().getFirst();
        long removed = 0;
        boolean known = false;
        for (String aggregate : served.byName().keySet()) {
            for (Generation found : generations.of(aggregate, hive.partitions())) {
                if (found.name().equals(name)) {
                    known = true;
                    if (found.isInUse()) {
                        throw new StartRefused("The generation '" + name + "' of " + aggregate + " is "
                                + (found.wanted() ? "wanted" : "active in " + found.active().size() + " partitions")
                                + ". Activate another one first: activate GENERATION");
                    }
                    removed += generations.remove(aggregate, name, hive.partitions());
                }
            }
        }
        if (!known) {
            throw new StartRefused("There is no generation '" + name + "'. There are: generations");
        }
        return new Outcome(Outcome.DONE, Map.of("command", "remove", "generation", name, "keys", removed),
                "%,d keys removed%n".formatted(removed));
    }
}
