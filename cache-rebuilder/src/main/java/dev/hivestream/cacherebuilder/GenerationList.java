package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Generations;
import dev.hivestream.runtime.cache.Generations.Format1;
import dev.hivestream.runtime.cache.Generations.Generation;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Slot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The commands {@code generations}, {@code remove} and {@code remove-old-format}. */
final class GenerationList {

    private final FoldedLogs served;
    private final Topics topics;
    private final Generations generations;
    private final Log log;
    private final HiveProperties hive;
    private final RebuilderProperties properties;

    GenerationList(FoldedLogs served, Topics topics, Generations generations, Log log, HiveProperties hive,
            RebuilderProperties properties) {
        this.served = served;
        this.topics = topics;
        this.generations = generations;
        this.log = log;
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
                json.isEmpty() ? "No generations" + System.lineSeparator() : text.toString());
    }

    Outcome remove() {
        if (properties.arguments().size() != 1) {
            throw new StartRefused(
                    "remove requires a GENERATION, such as g1-0123456789ab. To list the generations: generations");
        }
        String name = properties.arguments().getFirst();
        long removed = 0;
        for (String aggregate : Target.having(name, served, generations, hive.partitions())) {
            for (Generation found : generations.of(aggregate, hive.partitions())) {
                if (found.name().equals(name)) {
                    if (found.isInUse()) {
                        throw new StartRefused("The generation '" + name + "' of " + aggregate + " is "
                                + (found.wanted() ? "wanted" : "active in " + found.active().size() + " partitions")
                                + ". Activate another one first: activate GENERATION");
                    }
                    removed += generations.remove(aggregate, name, hive.partitions());
                }
            }
        }
        return new Outcome(Outcome.DONE, Map.of("command", "remove", "generation", name, "keys", removed),
                "%,d keys removed%n".formatted(removed));
    }

    /**
     * Removes the keys of format 1, or counts them.
     *
     * @throws StartRefused if an app may still use them; nothing is removed then
     */
    Outcome removeOldFormat() {
        Map<String, Format1> found = new TreeMap<>();
        Map<String, String> refused = new TreeMap<>();
        for (String type : served.byName().keySet()) {
            Format1 old = generations.format1(type);
            found.put(type, old);
            String reason = old.count() == 0 ? null : inUse(type, old);
            if (reason != null) {
                refused.put(type, reason);
            }
        }
        if (!refused.isEmpty() && !properties.dryRun()) {
            throw new StartRefused(String.join(". ", refused.values()) + ". Nothing was removed");
        }
        List<Map<String, Object>> json = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        found.forEach((type, old) -> {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("aggregate", type);
            Map<String, Long> kinds = new LinkedHashMap<>();
            old.keys().forEach((kind, count) -> kinds.put(kind.name().toLowerCase(Locale.ROOT), count));
            entry.put("found", kinds);
            if (properties.dryRun()) {
                entry.put("refused", refused.getOrDefault(type, ""));
                text.append("%s: %,d keys of format 1 would be removed %s%n".formatted(type, old.count(), kinds));
            } else {
                long removed = old.count() == 0 ? 0 : generations.removeFormat1(type);
                entry.put("removed", removed);
                text.append("%s: %,d keys of format 1 removed%n".formatted(type, removed));
            }
            json.add(entry);
        });
        refused.values().forEach(reason -> text.append("Would be refused: ").append(reason)
                .append(System.lineSeparator()));
        return new Outcome(Outcome.DONE, Map.of("command", "remove-old-format", "dryRun", properties.dryRun(),
                "aggregates", json), text.toString());
    }

    /** Why an app of the previous version may still use a type's keys of format 1; null if none does. */
    private @Nullable String inUse(String type, Format1 old) {
        List<Slot> slots = Target.slots(type, hive.partitions());
        List<Integer> unread = slots.stream().filter(slot -> generations.active(slot).isEmpty()).map(Slot::partition)
                .toList();
        if (!unread.isEmpty()) {
            return "No generation of this format is active in the partitions " + unread + " of " + type
                    + ". Start the new apps or activate a rebuild before you remove format 1";
        }
        if (Objects.requireNonNull(served.byName().get(type)).recordsInput()) {
            // its positions are of the inbox, which saga-managers of the previous version refuse by now
            return null;
        }
        Map<Integer, Long> reached = new HashMap<>();
        for (Generation one : generations.of(type, hive.partitions())) {
            one.checkpoints().forEach((partition, next) -> {
                if (one.active().contains(partition)) {
                    reached.merge(partition, next, Math::max);
                }
            });
        }
        Map<Slot, Long> ends = log.ends(slots);
        for (Slot slot : slots) {
            long before = old.checkpoints().getOrDefault(slot.partition(), -1L);
            long now = reached.getOrDefault(slot.partition(), 0L);
            // a position beyond the end of the log belongs to an earlier topic of the same name
            if (before > now && before <= ends.getOrDefault(slot, 0L)) {
                return "The cache of " + slot + " in format 1 is at offset " + before
                        + " and the one in this format at "
                        + now + ": an app of the previous version still writes to it. Stop that app first";
            }
        }
        return null;
    }
}
