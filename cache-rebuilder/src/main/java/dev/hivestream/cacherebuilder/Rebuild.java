package dev.hivestream.cacherebuilder;

import dev.hivestream.cacherebuilder.RebuilderProperties.Command;
import dev.hivestream.cacherebuilder.RebuilderProperties.OnPoison;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Generations;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.SlotFold;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.log.VersionViolation;
import dev.hivestream.runtime.log.VersionViolations;
import dev.hivestream.runtime.message.Slot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds a generation of the cache from the log. It goes on where an earlier run was ended, and can hand the generation
 * over to owners and readers.
 */
final class Rebuild {

    private static final Logger LOG = LoggerFactory.getLogger(Rebuild.class);
    private static final Duration IN_STEP = Duration.ofSeconds(1);

    private final FoldedLogs served;
    private final Topics topics;
    private final Cache cache;
    private final Generations generations;
    private final Replay replay;
    private final Log log;
    private final Folder folder;
    private final Verification verification;
    private final Following following;
    private final Progress progress;
    private final Stopping stopping;
    private final HiveProperties hive;
    private final RebuilderProperties properties;

    private final Queue<Map<String, Object>> parked = new ConcurrentLinkedQueue<>();
    private final VersionViolations violations = new VersionViolations(Verify.NAMED);

    Rebuild(FoldedLogs served, Topics topics, Cache cache, Generations generations, Replay replay, Log log,
            Folder folder, Verification verification, Following following, Progress progress, Stopping stopping,
            HiveProperties hive, RebuilderProperties properties) {
        this.served = served;
        this.topics = topics;
        this.cache = cache;
        this.generations = generations;
        this.replay = replay;
        this.log = log;
        this.folder = folder;
        this.verification = verification;
        this.following = following;
        this.progress = progress;
        this.stopping = stopping;
        this.hive = hive;
        this.properties = properties;
    }

    /**
     * Builds, and hands over if that is asked for.
     *
     * @throws StartRefused if topics, Redis or options are not as they must be
     * @throws PoisonEvent if an event cannot be folded and ends the rebuild
     */
    Outcome run() {
        When until = properties.until() == null ? null : When.parse("until", properties.until());
        requireOptions(until);
        stopping.patiently(cache::requireNoEviction);
        if (until != null) {
            served.byName().values().forEach(one -> stopping.patiently(() -> {
                topics.requireLog(one);
                log.requireReached(Target.slots(one.name(), hive.partitions()), until);
            }));
        }
        List<Target<?, ?>> targets = new ArrayList<>();
        served.byName().values().forEach(one -> targets.add(stopping.patiently(() -> target(one, until))));
        Map<SlotFold<?, ?>, Long> folds = new LinkedHashMap<>();
        targets.forEach(target -> folds.putAll(stopping.patiently(() -> folds(target, until))));

        long began = System.nanoTime();
        progress.begin("rebuild");
        folds.forEach((fold, end) -> progress.reach(fold.slot(), fold.next(), end));
        folder.fold(folds);
        double seconds = (System.nanoTime() - began) / 1e9;
        long events = progress.now().events();
        List<Map<String, Object>> aggregates = new ArrayList<>();
        for (Target<?, ?> target : targets) {
            aggregates.add(described(target, folds.keySet()));
        }
        if (properties.activate() || properties.replica()) {
            for (int i = 0; i < targets.size(); i++) {
                aggregates.get(i).putAll(activate(targets.get(i), folds.keySet()));
            }
        }
        if (!properties.follow()) {
            targets.forEach(target -> stopping
                    .patiently(() -> generations.built(target.aggregate(), target.fingerprint(),
                            target.generation())));
        } else {
            following.follow(folds.keySet(), inStep -> keepActive(targets, inStep));
        }
        return outcome(aggregates, events, seconds);
    }

    private void requireOptions(@Nullable When until) {
        if (until != null && (properties.activate() || properties.follow() || properties.replica())) {
            throw new StartRefused(
                    "--until builds a cache for looking at; it cannot be followed, and owners would bring "
                            + "it up to date. Leave out --until, or --activate, --follow and --replica");
        }
        if (until != null && until.time() != null && until.time().isAfter(Instant.now())) {
            throw new StartRefused("--until is " + until.time() + ", which is in the future");
        }
        if (properties.keep() > 0 && !properties.activate()) {
            throw new StartRefused(
                    "--keep removes generations after an activation. Add --activate, or name one: remove "
                            + "GENERATION");
        }
        String name = properties.generation();
        if (name == null && properties.command() == Command.ACTIVATE) {
            throw new StartRefused("activate requires a generation: activate g1-0123456789ab");
        }
        String invalid = name == null ? null : CommandLine.problem("generation", "hive.rebuild.generation", name);
        if (invalid != null) {
            throw new StartRefused(invalid);
        }
        if (name != null && served.byName().size() > 1) {
            throw new StartRefused(
                    "A generation belongs to one aggregate or saga; say which one with --aggregates or --sagas, of "
                            + served.byName().keySet().stream().sorted().toList());
        }
        if (name != null && properties.command() == Command.ACTIVATE) {
            Set<String> _ = stopping.patiently(() -> Target.having(name, served, generations, hive.partitions()));
        }
    }

    private <S, E> Target<S, E> target(Folded<S, E> one, @Nullable When until) {
        String fingerprint = Target.fingerprint(one, topics);
        String begun = generations.building(one.name(), fingerprint);
        String generation = properties.generation();
        boolean resumed = false;
        if (generation != null) {
            if (Generations.numberOf(generation) > 0 && !Generations.fingerprintOf(generation).equals(fingerprint)) {
                throw new StartRefused("The generation '" + generation
                        + "' belongs to other code: the domain on the class "
                        + "path has the fingerprint " + fingerprint + ". Run the rebuilder with that code's jar");
            }
            resumed = true;
        } else if (until != null) {
            generation = "as-of-" + until.stamp() + "-" + fingerprint;
        } else if (properties.replica() && !properties.restart()
                && generations.wanted(one.name(), fingerprint) != null) {
            generation = Objects.requireNonNull(generations.wanted(one.name(), fingerprint));
            resumed = true;
        } else if (begun != null && !properties.restart()) {
            generation = begun;
            resumed = true;
        } else {
            long last = generations.of(one.name(), hive.partitions()).stream()
                    .mapToLong(known -> Generations.numberOf(known.name())).max().orElse(0);
            generation = Generations.named(last + 1, fingerprint);
        }
        if (until == null) {
            generations.build(one.name(), fingerprint, generation);
        } else {
            generations.list(one.name(), generation);
        }
        LOG.info("{} the generation {} of {}", resumed ? "Going on with" : "Building", generation, one.name());
        return new Target<>(one, fingerprint, generation, resumed, Target.slots(one.name(), hive.partitions()));
    }

    private <S, E> Map<SlotFold<?, ?>, Long> folds(Target<S, E> target, @Nullable When until) {
        Map<Slot, Long> ends = log.ends(target.slots(), until);
        Map<SlotFold<?, ?>, Long> folds = new LinkedHashMap<>();
        for (Slot slot : target.slots()) {
            SlotFold<S, E> fold = replay.slot(target.served(), slot, target.generation(),
                    properties.memoryBytes() / target.slots().size(), new Findings(), true);
            fold.take();
            long end = Objects.requireNonNull(ends.get(slot));
            if (until != null && fold.next() > end) {
                throw new StartRefused("The generation '" + target.generation() + "' is at " + fold.next() + " of "
                        + log.events(slot) + ", beyond --until. Remove it first: remove " + target.generation());
            }
            folds.put(fold, end);
        }
        return folds;
    }

    /** What the folds find in the log. */
    private final class Findings implements Replay.Poisoned {

        @Override
        public void found(org.apache.kafka.clients.consumer.ConsumerRecord<byte[], byte[]> event, String id,
                String reason, Throwable fault) {
            poisoned(event, id, reason, fault);
        }

        @Override
        public void outOfOrder(VersionViolation violation) {
            if (violations.add(violation) && violations.count() <= Verify.PRINTED) {
                LOG.error("Version violation in the log: {}", violation.text());
            }
        }
    }

    private void poisoned(org.apache.kafka.clients.consumer.ConsumerRecord<byte[], byte[]> event, String id,
            String reason, Throwable fault) {
        if (properties.onPoison() == OnPoison.STOP) {
            LOG.debug("The reason", fault);
            throw new PoisonEvent(event, id, reason);
        }
        LOG.warn("'{}' is kept out. {}", id, reason);
        parked.add(Map.of("topic", event.topic(), "partition", event.partition(), "offset", event.offset(), "id", id,
                "reason", reason));
    }

    /** Folds until the log is read to its end in less than a second. */
    private void inStep(List<SlotFold<?, ?>> folds) {
        long began;
        do {
            began = System.nanoTime();
            Map<SlotFold<?, ?>, Long> ends = new LinkedHashMap<>();
            Map<Slot, Long> now = stopping.patiently(() -> log.ends(folds.stream().map(SlotFold::slot).toList()));
            folds.forEach(fold -> {
                long end = Objects.requireNonNull(now.get(fold.slot()));
                progress.reach(fold.slot(), fold.next(), end);
                ends.put(fold, end);
            });
            folder.fold(ends);
        } while (System.nanoTime() - began > IN_STEP.toNanos());
    }

    private <S, E> Map<String, Object> activate(Target<S, E> target, java.util.Collection<SlotFold<?, ?>> all) {
        List<SlotFold<?, ?>> folds = all.stream()
                .filter(fold -> fold.slot().aggregate().equals(target.aggregate())).toList();
        String before = stopping
                .patiently(() -> generations.wanted(target.aggregate(), target.fingerprint()));
        progress.begin("follow");
        inStep(folds);
        if (properties.verifyFirst()) {
            Verification.Found found = verification.compare(target.served(), target.slots(),
                    slot -> target.generation(), false);
            if (!found.differences().isEmpty()) {
                throw new StartRefused("The generation " + target.generation() + " is not what the log says in "
                        + found.differences().size() + " places and is not activated; the first: "
                        + found.differences().getFirst().text()
                        + ". Does another program write to it, or is the domain not deterministic? Look at it with: verify "
                        + "--generation=" + target.generation());
            }
            progress.begin("follow");
            inStep(folds);
        }
        return switchTo(target, before);
    }

    private Map<String, Object> switchTo(Target<?, ?> target, @Nullable String before) {
        Map<String, Object> activation = new TreeMap<>();
        activation.put("wantedBefore", before == null ? "" : before);
        boolean owned = stopping.patiently(() -> isOwned(target));
        stopping.patiently(() -> generations.want(target.aggregate(), target.fingerprint(), target.generation()));
        long since = System.nanoTime();
        if (properties.replica()) {
            target.slots().forEach(slot -> stopping
                    .patiently(() -> cache.activate(slot, target.fingerprint(), target.generation())));
        } else if (!owned) {
            LOG.info("No {} with this code is running in the group '{}': the next one to start uses {}",
                    ownerApp(target), owners(target),
                    target.generation());
            activation.put("activePartitions", active(target));
            return activation;
        }
        while (active(target) < target.slots().size()
                && System.nanoTime() - since < properties.patience().toNanos()
                && stopping.pause(Duration.ofMillis(20))) {
            progress.waits("the owners of " + (target.slots().size() - active(target)) + " partitions of "
                    + target.aggregate());
        }
        int active = active(target);
        activation.put("activePartitions", active);
        activation.put("switchSeconds", (System.nanoTime() - since) / 1e9);
        LOG.info("{} of {} partitions of {} use {}", active, target.slots().size(), target.aggregate(),
                target.generation());
        if (active < target.slots().size()) {
            throw new StartRefused("Only " + active + " of " + target.slots().size() + " partitions of "
                    + target.aggregate() + " use " + target.generation() + " after " + properties.patience()
                    + ". The others change over as soon as their owners have caught up: look at the readiness of the "
                    + ownerApp(target) + "s, and whether they run the same code");
        }
        if (properties.keep() > 0) {
            activation.put("removed", removeOlder(target));
        }
        return activation;
    }

    /**
     * Whether somebody may run this code, and so changes over. Other code, as before an upgrade, has members in the group
     * too, but readers use no generation of this fingerprint then.
     */
    private boolean isOwned(Target<?, ?> target) {
        return !generations.active(target.aggregate(), target.fingerprint(), hive.partitions()).isEmpty()
                && log.hasMembers(owners(target));
    }

    private static String ownerApp(Target<?, ?> target) {
        return target.served().recordsInput() ? "saga-manager" : "command-processor";
    }

    private String owners(Target<?, ?> target) {
        return target.served().recordsInput() ? properties.sagaOwners() : properties.owners();
    }

    /** Redis may have been emptied: a generation is listed again, and a slot is activated again once it is whole again. */
    private void keepActive(List<Target<?, ?>> targets, java.util.Set<Slot> inStep) {
        targets.forEach(target -> generations.list(target.aggregate(), target.generation()));
        if (!properties.replica()) {
            return;
        }
        for (Target<?, ?> target : targets) {
            if (generations.wanted(target.aggregate(), target.fingerprint()) == null) {
                generations.want(target.aggregate(), target.fingerprint(), target.generation());
            }
            Map<Integer, String> active = generations.active(target.aggregate(), target.fingerprint(),
                    hive.partitions());
            target.slots().stream().filter(slot -> inStep.contains(slot) && !active.containsKey(slot.partition()))
                    .forEach(slot -> cache.activate(slot, target.fingerprint(), target.generation()));
        }
    }

    private int active(Target<?, ?> target) {
        return (int) stopping
                .patiently(() -> generations.active(target.aggregate(), target.fingerprint(), hive.partitions()))
                .values().stream().filter(target.generation()::equals).count();
    }

    /** Removes what {@code --keep} leaves over, of this code and of code that no longer runs. */
    private List<String> removeOlder(Target<?, ?> target) {
        return stopping.patiently(() -> {
            List<Generations.Generation> all = generations.of(target.aggregate(), hive.partitions()).stream()
                    .filter(one -> Generations.numberOf(one.name()) > 0).toList();
            Map<Integer, Long> reached = all.stream().filter(one -> one.name().equals(target.generation())).findFirst()
                    .map(Generations.Generation::checkpoints).orElse(Map.of());
            List<Generations.Generation> left = all.stream()
                    .filter(one -> !one.name().equals(target.generation()))
                    .filter(one -> one.fingerprint().equals(target.fingerprint())
                            ? !one.isInUse()
                            : isLeftBehind(one, reached))
                    .toList();
            List<String> removed = new ArrayList<>();
            for (int i = 0; i < left.size() - (properties.keep() - 1); i++) {
                String name = left.get(i).name();
                long keys = generations.remove(target.aggregate(), name, hive.partitions());
                LOG.info("Removed the generation {} of {}: {} keys", name, target.aggregate(), keys);
                removed.add(name);
            }
            return removed;
        });
    }

    /** Whether nobody has kept it in step: the log went on without it, in every partition that has gone on. */
    private static boolean isLeftBehind(Generations.Generation one, Map<Integer, Long> reached) {
        return !one.building() && one.checkpoints().entrySet().stream()
                .noneMatch(mark -> mark.getValue() >= reached.getOrDefault(mark.getKey(), 0L) && mark.getValue() > 0);
    }

    private static Map<String, Object> described(Target<?, ?> target, java.util.Collection<SlotFold<?, ?>> folds) {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("aggregate", target.aggregate());
        described.put("fingerprint", target.fingerprint());
        described.put("generation", target.generation());
        described.put("resumed", target.resumed());
        Map<Integer, Long> positions = new TreeMap<>();
        folds.stream().filter(fold -> fold.slot().aggregate().equals(target.aggregate()))
                .forEach(fold -> positions.put(fold.slot().partition(), fold.next()));
        described.put("positions", positions);
        return described;
    }

    private Outcome outcome(List<Map<String, Object>> aggregates, long events, double seconds) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("command", properties.command().wire());
        json.put("events", events);
        json.put("seconds", seconds);
        json.put("eventsPerSecond", Math.round(events / Math.max(seconds, 0.001)));
        json.put("aggregates", aggregates);
        json.put("parked", List.copyOf(parked));
        json.putAll(Verify.json(violations));
        StringBuilder text = new StringBuilder(
                "%,d events in %.1f s, %,d events/s%n".formatted(events, seconds,
                        Math.round(events / Math.max(seconds, 0.001))));
        for (Map<String, Object> aggregate : aggregates) {
            text.append("  %s: generation %s%s%n".formatted(aggregate.get("aggregate"), aggregate.get("generation"),
                    aggregate.containsKey("activePartitions")
                            ? ", used in " + aggregate.get("activePartitions") + " partitions"
                            : ""));
        }
        parked.forEach(one -> text.append("  kept out: '%s'. %s%n".formatted(one.get("id"), one.get("reason"))));
        return new Outcome(violations.isEmpty() ? Outcome.DONE : Outcome.DIFFERENT, json,
                text + Verify.text(violations));
    }
}
