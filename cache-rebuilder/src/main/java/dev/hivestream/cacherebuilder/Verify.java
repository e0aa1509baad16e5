package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.cache.Generations;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.log.VersionViolation;
import dev.hivestream.runtime.log.VersionViolations;
import dev.hivestream.runtime.message.Slot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The commands {@code verify} and {@code dry-run}: what a cache says beside what the log says. */
final class Verify {

    static final int PRINTED = 100;
    /** Violations that are named; all are counted. */
    static final int NAMED = 1_000;

    private final FoldedLogs served;
    private final Topics topics;
    private final Generations generations;
    private final Verification verification;
    private final Repair repair;
    private final Stopping stopping;
    private final HiveProperties hive;
    private final RebuilderProperties properties;

    Verify(FoldedLogs served, Topics topics, Generations generations, Verification verification, Repair repair,
            Stopping stopping, HiveProperties hive, RebuilderProperties properties) {
        this.served = served;
        this.topics = topics;
        this.generations = generations;
        this.verification = verification;
        this.repair = repair;
        this.stopping = stopping;
        this.hive = hive;
        this.properties = properties;
    }

    /** Compares the active generations with the log, and mends them if that is asked for. */
    Outcome verify() {
        long events = 0;
        long aggregates = 0;
        int repaired = 0;
        Map<Slot, Long> behind = new LinkedHashMap<>();
        List<Difference> differences = new ArrayList<>();
        VersionViolations violations = new VersionViolations(NAMED);
        for (Folded<?, ?> one : compared()) {
            Function<Slot, @Nullable String> generation = active(one);
            List<Slot> slots = Target.slots(one.name(), hive.partitions());
            Verification.Found found = verification.compare(one, slots, generation, false);
            if (properties.repair() && !found.differences().isEmpty()) {
                repaired += mend(one, generation, found);
                Set<Slot> mended = new LinkedHashSet<>();
                slots.stream().filter(slot -> concerns(found, slot)).forEach(mended::add);
                Verification.Found after = verification.compare(one, List.copyOf(mended), generation, false);
                differences.addAll(after.differences());
            } else {
                differences.addAll(found.differences());
            }
            events += found.events();
            aggregates += found.aggregates();
            violations.addAll(found.violations());
            behind.putAll(verification.leftBehind(found, generation));
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("command", "verify");
        json.put("aggregates", aggregates);
        json.put("events", events);
        json.put("repaired", repaired);
        json.put("eventsBehindCheckpoints", sum(behind));
        json.put("count", differences.size());
        json.put("differences", differences.stream().map(Difference::json).toList());
        json.putAll(json(violations));
        String head = "%,d aggregates of %,d events compared: ".formatted(aggregates, events)
                + (properties.repair() ? "%,d repaired, ".formatted(repaired) : "")
                + (differences.isEmpty() ? "no difference" : "%,d differences".formatted(differences.size()))
                + System.lineSeparator();
        return new Outcome(differences.isEmpty() && violations.isEmpty() ? Outcome.DONE : Outcome.DIFFERENT, json,
                head + text(behind) + text(differences) + text(violations));
    }

    private static long sum(Map<Slot, Long> behind) {
        return behind.values().stream().mapToLong(Long::longValue).sum();
    }

    private static String text(Map<Slot, Long> behind) {
        return behind.isEmpty()
                ? ""
                : "%,d events lie behind checkpoints that do not move: %s%n".formatted(sum(behind),
                        behind.entrySet().stream().map(one -> one.getKey() + " (" + one.getValue() + ")")
                                .collect(Collectors.joining(", ")));
    }

    /** All, or those that have the generation that is named. */
    private List<Folded<?, ?>> compared() {
        List<Folded<?, ?>> all = List.copyOf(served.byName().values());
        String name = properties.generation();
        if (name == null) {
            return all;
        }
        Set<String> having = stopping.patiently(() -> Target.having(name, served, generations, hive.partitions()));
        return all.stream().filter(one -> having.contains(one.name())).toList();
    }

    /** The version violations in the log, for programs. */
    static Map<String, Object> json(VersionViolations violations) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("versionViolations", violations.count());
        json.put("violations", violations.named().stream().map(VersionViolation::json).toList());
        return json;
    }

    /** The same as text; empty if there are none. */
    static String text(VersionViolations violations) {
        if (violations.isEmpty()) {
            return "";
        }
        StringBuilder text = new StringBuilder(
                "%,d version violations in the log. The versions of an aggregate must be 1, 2, 3 … "
                        .formatted(violations.count())
                        + "Another program writes to the topic, or the log lost events:"
                        + System.lineSeparator());
        violations.named().stream().limit(PRINTED)
                .forEach(one -> text.append(one.text()).append(System.lineSeparator()));
        if (violations.count() > PRINTED) {
            text.append("and %,d more%n".formatted(violations.count() - PRINTED));
        }
        return text.toString();
    }

    private static boolean concerns(Verification.Found found, Slot slot) {
        return found.differences().stream().anyMatch(one -> one.slot().equals(slot.toString()));
    }

    private int mend(Folded<?, ?> one, Function<Slot, @Nullable String> generation, Verification.Found found) {
        Map<String, Set<String>> ids = new LinkedHashMap<>();
        for (Difference difference : found.differences()) {
            Set<String> some = ids.computeIfAbsent(difference.slot(), none -> new LinkedHashSet<>());
            if (difference.id() != null) {
                some.add(difference.id());
            }
        }
        for (Slot slot : Target.slots(one.name(), hive.partitions())) {
            String name = generation.apply(slot);
            Set<String> some = ids.get(slot.toString());
            if (some != null && name != null) {
                stopping.patiently(() -> repair.mend(one, slot, name, some));
            }
        }
        return found.differences().size();
    }

    /** The generation of each slot that its readers use, asked anew each time: it may change. */
    private Function<Slot, @Nullable String> active(Folded<?, ?> one) {
        String fingerprint = stopping.patiently(() -> Target.fingerprint(one, topics));
        return slot -> {
            if (properties.generation() != null) {
                return properties.generation();
            }
            String active = stopping.patiently(() -> generations.active(slot).get(fingerprint));
            return active == null ? "none-" + fingerprint : active;
        };
    }

    /** Folds the whole log with the domain on the class path, beside what is active now, whoever wrote it. */
    Outcome dryRun() {
        long events = 0;
        long aggregates = 0;
        List<Difference> differences = new ArrayList<>();
        List<Map<String, Object>> problems = new ArrayList<>();
        EffectDifferences effects = new EffectDifferences();
        VersionViolations violations = new VersionViolations(NAMED);
        Map<Slot, Long> behind = new LinkedHashMap<>();
        StringBuilder text = new StringBuilder();
        for (Folded<?, ?> one : compared()) {
            Function<Slot, @Nullable String> generation = current(one);
            Verification.Found found = verification.compare(one, Target.slots(one.name(), hive.partitions()),
                    generation, true);
            behind.putAll(verification.leftBehind(found, generation));
            events += found.events();
            aggregates += found.aggregates();
            differences.addAll(found.differences());
            effects.addAll(found.effects());
            violations.addAll(found.violations());
            found.problems().forEach((slot, some) -> some.forEach(problem -> {
                problems.add(Map.of("topic", one.log(), "partition", slot.partition(), "offset",
                        problem.offset(), "id", problem.id(), "reason", problem.reason()));
                if (problems.size() <= PRINTED) {
                    text.append("'%s': %s%n".formatted(problem.id(), problem.reason()));
                }
            }));
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("command", "dry-run");
        json.put("aggregates", aggregates);
        json.put("events", events);
        json.put("eventsBehindCheckpoints", sum(behind));
        json.put("problems", problems);
        json.put("count", differences.size());
        json.put("differences", differences.stream().map(Difference::json).toList());
        json.putAll(effects.json());
        json.putAll(json(violations));
        String head = "%,d events of %,d aggregates folded: %,d events cannot be read or folded, %,d states differ%n"
                .formatted(events, aggregates, problems.size(), differences.size());
        boolean isClean = problems.isEmpty() && differences.isEmpty() && effects.isEmpty()
                && violations.isEmpty();
        return new Outcome(isClean ? Outcome.DONE : Outcome.DIFFERENT, json,
                head + text + text(behind) + text(differences) + effects.text() + text(violations));
    }

    /** The active generation of this code, else the newest of any other. */
    private Function<Slot, @Nullable String> current(Folded<?, ?> one) {
        String fingerprint = stopping.patiently(() -> Target.fingerprint(one, topics));
        return slot -> {
            if (properties.generation() != null) {
                return properties.generation();
            }
            Map<String, String> active = stopping.patiently(() -> generations.active(slot));
            String own = active.get(fingerprint);
            return own != null
                    ? own
                    : active.values().stream().max(java.util.Comparator.comparing(Generations::numberOf)).orElse(null);
        };
    }

    private static String text(List<Difference> differences) {
        StringBuilder text = new StringBuilder();
        differences.stream().limit(PRINTED).forEach(one -> text.append(one.text()).append(System.lineSeparator()));
        if (differences.size() > PRINTED) {
            text.append("and %,d more; --json has all%n".formatted(differences.size() - PRINTED));
        }
        return text.toString();
    }
}
