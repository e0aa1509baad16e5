package dev.hivestream.cacherebuilder;

import dev.hivestream.cacherebuilder.Comparison.Scope;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Checkpoint;
import dev.hivestream.runtime.cache.Generations;
import dev.hivestream.runtime.cache.SnapshotCodec;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.VersionViolations;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Compares generations with the log, slot by slot, and looks twice before it says that something is wrong. */
final class Verification {

    private final Comparison.Parts parts;
    private final Generations generations;
    private final Progress progress;
    private final Stopping stopping;
    private final int workers;
    private final Duration secondLook;

    Verification(Cache cache, Generations generations, Replay replay, Log log, Progress progress, Stopping stopping,
            HiveProperties hive, RebuilderProperties properties) {
        this.generations = generations;
        this.progress = progress;
        this.stopping = stopping;
        this.workers = properties.workers();
        this.secondLook = properties.secondLook();
        this.parts = new Comparison.Parts(cache, replay, log, progress, stopping, hive.decide().remembered(),
                properties.memoryBytes() / workers);
    }

    /**
     * What was found.
     *
     * @param aggregates that were compared
     * @param events that were folded
     * @param problems events that cannot be read or folded, by slot
     * @param effects what this code would have done otherwise than the log says
     * @param violations of the order of versions in the log
     * @param behind what the log has behind checkpoints
     */
    record Found(long aggregates, long events, List<Difference> differences,
            Map<Slot, List<Comparison.Problem>> problems, EffectDifferences effects, VersionViolations violations,
            Map<Slot, Behind> behind) {}

    /**
     * What the log of a slot has behind its checkpoint.
     *
     * @param next where the checkpoint is
     * @param events how many there are
     */
    record Behind(long next, long events) {}

    /**
     * Compares.
     *
     * @param generation of a slot; null compares nothing and folds its log
     * @param trial as in {@link Comparison.Scope}
     */
    <S, E> Found compare(Folded<S, E> served, List<Slot> slots, Function<Slot, @Nullable String> generation,
            boolean trial) {
        progress.begin("verify " + served.name());
        List<Comparison<S, E>> first = look(served, slots, generation, trial, Map.of());
        long aggregates = first.stream().mapToLong(Comparison::aggregates).sum();
        long events = first.stream().mapToLong(Comparison::events).sum();
        Map<Slot, List<Comparison.Problem>> problems = new LinkedHashMap<>();
        Map<Slot, Set<String>> suspects = new LinkedHashMap<>();
        EffectDifferences effects = new EffectDifferences();
        VersionViolations violations = new VersionViolations(Verify.NAMED);
        Map<Slot, Behind> behind = new TreeMap<>(Comparator.comparing(Slot::partition));
        for (Comparison<S, E> one : first) {
            Checkpoint checkpoint = one.checkpoint();
            if (checkpoint != null && one.behind() > 0) {
                behind.put(one.slot(), new Behind(checkpoint.next(), one.behind()));
            }
            effects.addAll(one.effects());
            violations.addAll(one.violations());
            if (!one.problems().isEmpty()) {
                problems.put(one.slot(), one.problems());
            }
            if (!one.differences().isEmpty()) {
                Set<String> ids = new LinkedHashSet<>();
                one.differences().stream().map(Difference::id).filter(Objects::nonNull).forEach(ids::add);
                // if the checkpoint differs, all ids have to be compared again
                boolean whole = one.differences().stream().anyMatch(difference -> difference.id() == null);
                suspects.put(one.slot(), whole ? Set.of() : ids);
            }
        }
        List<Difference> differences = new ArrayList<>();
        if (!suspects.isEmpty()) {
            progress.begin("look again at " + served.name());
            stopping.pause(secondLook);
            look(served, List.copyOf(suspects.keySet()), generation, trial, suspects)
                    .forEach(one -> differences.addAll(one.differences()));
        }
        return new Found(aggregates, events, differences, problems, effects, violations, behind);
    }

    /**
     * How many events lie behind the checkpoints that do not move, by slot. A running owner appends events and then moves
     * its checkpoint.
     */
    Map<Slot, Long> leftBehind(Found found, Function<Slot, @Nullable String> generation) {
        Map<Slot, Long> left = new LinkedHashMap<>();
        if (found.behind().isEmpty()) {
            return left;
        }
        stopping.pause(secondLook);
        found.behind().forEach((slot, behind) -> {
            Long next = stopping.patiently(() -> next(slot, String.valueOf(generation.apply(slot))));
            if (next == behind.next()) {
                left.put(slot, behind.events());
            }
        });
        return left;
    }

    /** Where a checkpoint is now; -1 if there is none, or it cannot be read. */
    private long next(Slot slot, String generation) {
        try {
            Checkpoint now = parts.cache().checkpoint(slot, generation);
            return now == null ? -1 : now.next();
        } catch (SnapshotCodec.Unreadable e) {
            return -1;
        }
    }

    private <S, E> List<Comparison<S, E>> look(Folded<S, E> served, List<Slot> slots,
            Function<Slot, @Nullable String> generation, boolean trial, Map<Slot, Set<String>> only) {
        Map<Slot, Comparison<S, E>> comparisons = new LinkedHashMap<>();
        List<Comparison<S, E>> done = Folder.all(slots.stream().<Callable<Comparison<S, E>>>map(slot -> () -> {
            return stopping.patiently(() -> {
                var comparison = new Comparison<>(parts, served, slot,
                        new Scope(generation.apply(slot), trial, restricted(only, slot)));
                comparison.compare();
                return comparison;
            });
        }).toList(), Math.min(workers, slots.size()));
        done.forEach(one -> comparisons.put(one.slot(), one));
        comparisons.keySet().removeIf(slot -> restricted(only, slot) != null);
        Map<Slot, Set<String>> unknown = comparisons.isEmpty()
                ? Map.of()
                : unknown(served.name(), comparisons);
        Folder.all(done.stream().<Callable<Void>>map(one -> () -> {
            if (one.generation() != null) {
                stopping.patiently(() -> one.finish(unknown.getOrDefault(one.slot(), Set.of())));
            }
            stopping.patiently(() -> one.requireStillStored(generation.apply(one.slot())));
            return null;
        }).toList(), Math.min(workers, slots.size()));
        return done;
    }

    private static @Nullable Set<String> restricted(Map<Slot, Set<String>> only, Slot slot) {
        Set<String> ids = only.getOrDefault(slot, Set.of());
        return ids.isEmpty() ? null : ids;
    }

    /** The aggregates that are in the cache and were not in the log up to the checkpoint. */
    private <S, E> Map<Slot, Set<String>> unknown(String aggregate, Map<Slot, Comparison<S, E>> comparisons) {
        Set<String> names = new LinkedHashSet<>();
        comparisons.values().stream().map(Comparison::generation).filter(Objects::nonNull).forEach(names::add);
        Map<Slot, Set<String>> unknown = new HashMap<>();
        for (String name : names) {
            stopping.patiently(() -> generations.snapshots(aggregate, name, places -> places.forEach(place -> {
                Comparison<S, E> one = comparisons.get(place.slot());
                if (one != null && name.equals(one.generation()) && !one.knows(place.id())) {
                    unknown.computeIfAbsent(place.slot(), none -> new LinkedHashSet<>()).add(place.id());
                }
            })));
        }
        return unknown;
    }
}
