package dev.hivestream.local.faults;

import dev.hivestream.local.Await;
import dev.hivestream.local.Job;
import dev.hivestream.local.StartFailure;
import dev.hivestream.local.check.Bank;
import dev.hivestream.local.check.CacheDump;
import dev.hivestream.local.check.CacheDump.Generation;
import dev.hivestream.local.check.CacheDump.Snapshot;
import dev.hivestream.local.check.Checker;
import dev.hivestream.local.check.Committed;
import dev.hivestream.local.check.EventLog;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Linearizability;
import dev.hivestream.local.check.Operation;
import dev.hivestream.local.check.Violation;
import dev.hivestream.local.faults.Breaker.Fault;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Rounds of faults under load, each followed by healing, quiet and all checks; ends with the time, or with the round that
 * found a violation.
 */
public final class Trial implements AutoCloseable {

    private static final int CLIENTS = 8;
    private static final int ANSWERS = 15;
    /** Accounts: so many that each partition is restored in three steps. */
    private static final int UNUSED = 4_800;
    private static final Duration RECOVERY = Duration.ofSeconds(60);
    /** Whatever is waited for in vain is found. */
    private static final Duration MUTATED_PATIENCE = Duration.ofSeconds(40);
    private static final Map<Violation.Kind, String> INVARIANTS = new EnumMap<>(Map.ofEntries(
            Map.entry(Violation.Kind.GAP, "1 versions in the log are 1, 2, 3 …"),
            Map.entry(Violation.Kind.REPEATED_VERSION, "1 versions in the log are 1, 2, 3 …"),
            Map.entry(Violation.Kind.WRONG_PARTITION, "1 versions in the log are 1, 2, 3 …"),
            Map.entry(Violation.Kind.CACHE_LEADS, "2 the cache is the fold of what is committed"),
            Map.entry(Violation.Kind.CACHE_DIFFERS, "2 the cache is the fold of what is committed"),
            Map.entry(Violation.Kind.CHECKPOINT_BEYOND_LOG, "2 the cache is the fold of what is committed"),
            Map.entry(Violation.Kind.LOST_ANSWER, "3 what was answered is in the log"),
            Map.entry(Violation.Kind.WRONG_ANSWER, "3 what was answered is in the log"),
            Map.entry(Violation.Kind.REJECTED_WITH_EVENTS, "3 what was answered is in the log"),
            Map.entry(Violation.Kind.REPEATED_COMMAND, "5 a command counts once"),
            Map.entry(Violation.Kind.UNKNOWN_COMMAND, "every event has its command")));

    /**
     * How it goes.
     *
     * @param seed decides what is broken, when and how long, and what clients do
     * @param length after which no other round begins
     * @param round how long things are broken before they are checked
     * @param only the kinds of faults that there are
     * @param cluster whether Redis is a cluster
     * @param mutation what is taken away; null: nothing
     */
    record Settings(long seed, Duration length, Duration round, Set<Kind> only, boolean cluster,
            @Nullable Mutation mutation) {}

    private final Settings settings;
    private final Path directory;
    private final PrintStream out;
    private final Report report;
    private final Witness witness = new Witness();
    private final Health health;
    private final Stage stage;
    private final CacheWatch watch;
    private final Random random;
    private final Schedule schedule;
    private final Duration patience;
    private final long since = System.nanoTime();
    private final Map<String, Health.Held> held = new HashMap<>();

    /** Starts the stage. @param directory for data and logs; what is in it is deleted */
    Trial(Settings settings, Path directory, PrintStream out) {
        this.settings = settings;
        // programs that it runs have working directories of their own
        this.directory = directory.toAbsolutePath();
        this.out = out;
        this.report = new Report(settings.seed);
        this.random = new Random(settings.seed);
        this.schedule = new Schedule(settings.only, settings.seed);
        Mutation mutation = settings.mutation;
        this.patience = mutation == null || mutation.isHarmless() ? Fleet.PATIENCE : MUTATED_PATIENCE;
        this.stage = new Stage(this.directory,
                mutation == null ? new Stage.Plan(settings.cluster, true, Map.of(), "", "") : mutation.plan(),
                settings.seed);
        this.health = new Health(this.directory);
        this.watch = new CacheWatch(() -> stage.redis().primary().port(), Stage.AGGREGATES, Fleet.PARTITIONS);
        if (!settings.cluster) {
            // one script cannot ask all nodes
            watch.start();
        }
        say("ready");
    }

    /**
     * A trial without mutation.
     *
     * @param kinds of faults, as options name them
     */
    public static Trial of(long seed, Duration length, Duration round, List<String> kinds, Path directory,
            PrintStream out) {
        Set<Kind> only = FaultOptions.parse(List.of("--only", String.join(",", kinds)))
                .only();
        return new Trial(new Settings(seed, length, round, only, false, null), directory, out);
    }

    /** Runs it to its end. */
    public Report run() throws InterruptedException {
        Feeder.open(witness, stage.kafka().bootstrapServers(), UNUSED);
        isQuiet();
        if (settings.mutation == null) {
            held.putAll(health.held(stage.nodes()));
        }
        long end = System.nanoTime() + settings.length.toNanos();
        int round = 0;
        do {
            round++;
            round("r" + round);
        } while (report.violations().isEmpty() && System.nanoTime() - end < 0);
        report.figure("rounds", round);
        report.figure("seconds", (System.nanoTime() - since) / 1_000_000_000);
        report.figure("longest_unavailability_ms", witness.longestSilenceMillis());
        report.outcomes(witness.outcomes());
        return report;
    }

    private void round(String name) throws InterruptedException {
        String bootstrap = stage.kafka().bootstrapServers();
        Bank bank = stage.sagaManagers().isEmpty()
                ? null
                : new Bank(bootstrap, "bank-" + name, 20, 2, random.nextLong());
        if (bank != null) {
            bank.open();
        }
        var clients = new Clients(witness, stage.urls(), name, CLIENTS, random.nextLong());
        var feeder = new Feeder(witness, bootstrap, bank, name, clients.accounts(), random.nextLong());
        try {
            long end = System.nanoTime() + settings.round.toNanos();
            while (System.nanoTime() - end < 0) {
                hurt(clients.accounts());
            }
            report.checked("processes end only when they are told to", stage.heal());
            boolean ready = stage.nodes().stream().allMatch(node -> Await.until(patience, node.app()::isReady));
            report.checked("all apps are ready again after the last fault",
                    ready ? List.of() : List.of("Not within " + patience));
            clients.stop();
            say("healed");
            report.checked("every client has its answer", clients.awaitEnd(patience) && feeder.stop(patience)
                    ? List.of()
                    : List.of("One has none after " + patience));
            witness.rest();
        } finally {
            clients.close();
            feeder.close();
        }
        if (isQuiet()) {
            check(bank, name);
        }
        if (bank != null) {
            bank.close();
        }
        say("checked: " + (report.violations().isEmpty() ? "no violation" : report.violations().keySet()));
    }

    private void hurt(List<String> accounts) throws InterruptedException {
        var breaker = new Breaker(stage, accounts, witness, directory);
        List<Kind> kinds = schedule.next();
        List<Fault> faults = kinds.stream().map(kind -> breaker.fault(kind, random, kinds.size() == 1)).toList();
        boolean rollsBack = kinds.stream().anyMatch(Kind::rollsBack);
        long began = System.nanoTime();
        say(String.join(" and ", faults.stream().map(Fault::what).toList()));
        if (rollsBack) {
            watch.rest();
        }
        for (Fault fault : faults) {
            report.injected(fault.kind().option());
            fault.strike().run();
        }
        TimeUnit.MILLISECONDS.sleep(faults.stream().mapToInt(Fault::millis).max().orElse(0));
        for (Fault fault : faults) {
            fault.heal().run();
        }
        if (rollsBack) {
            if (!stage.awaitReflected(patience)) {
                witness.surprised("The cache does not reflect the log within " + patience);
            }
            witness.rolledBack(began);
            watch.wake();
        }
        // what does not work yet cannot be broken
        long before = witness.answers();
        Await.until(RECOVERY, () -> witness.answers() >= before + ANSWERS);
        TimeUnit.MILLISECONDS.sleep(random.nextInt(1_000));
    }

    private boolean isQuiet() {
        String what = "all that was sent is decided";
        try {
            stage.fleet().awaitQuiet(Stage.AGGREGATES.toArray(String[]::new));
            report.checked(what, List.of());
            return true;
        } catch (AssertionError e) {
            report.checked(what, List.of(String.valueOf(e.getMessage())));
            return false;
        }
    }

    private void check(@Nullable Bank bank, String name) {
        if (bank != null) {
            report.checked("every transfer has come to its end",
                    bank.awaitSettled(patience)
                            ? List.of()
                            : List.of(bank.settled(bank.log()) + " of " + bank.transfers()));
            List<String> unended = new ArrayList<>();
            Await.until(patience, () -> {
                unended.clear();
                unended.addAll(health.unended(stage.sagaManagers().getFirst().app().url()));
                return unended.isEmpty();
            });
            report.checked("every saga has ended", unended);
            isQuiet();
        }
        report.checked("no transaction stays open",
                stage.awaitStable(patience) ? List.of() : List.of("Not within " + patience));
        report.checked("the cache reflects the log",
                stage.awaitReflected(patience) ? List.of() : List.of("Not within " + patience));
        String bootstrap = stage.kafka().bootstrapServers();
        EventLog log = stage.log();
        var audit = new Audit(topic -> Committed.read(bootstrap, topic), Stage.AGGREGATES,
                new Audit.Bad(witness.bad(), witness.perhapsBad()), witness.hasLostOffsets());
        audit.ofSagas().forEach(witness.history::sent);
        audit.startingWith("bank-").forEach(witness.history::sent);

        Map<String, List<String>> found = new LinkedHashMap<>();
        INVARIANTS.values().stream().sorted().forEach(what -> found.put(what, new ArrayList<>()));
        for (Violation violation : Checker.check(log, aggregates(CacheDump.read(stage.redis().primary().port())),
                witness.history, Checker.sampleFolds())) {
            found.computeIfAbsent(String.valueOf(INVARIANTS.get(violation.kind())), _ -> new ArrayList<>())
                    .add(violation.toString());
        }
        found.computeIfAbsent("every event has its command", _ -> new ArrayList<>())
                .addAll(audit.eventsWithoutCommand(log));
        found.forEach(report::checked);
        report.checked("2 the cache never goes back", watch.takeFaults());
        List<Operation> operations = witness.takeOperations();
        report.checked("4 what clients saw of each aggregate is linearizable; they read their writes",
                Linearizability.check(log, operations, witness.begun()));
        report.checked("5 every command was decided in one transaction", audit.commandsNotAnsweredOnce());
        report.checked("7 bad input, and nothing else, is among the dead letters, with a reason", audit.deadLetters());
        report.checked("answers are such as are promised", witness.surprises());
        if (bank != null) {
            report.checked("no money is made or lost", bank.faults(log));
            verify();
            leaks();
            report.checked("logs have no stack traces", Health.stackTraces(stage.nodes()));
        }
        report.figure("events", log.events().size());
        report.figure("operations_of_" + name, operations.size());
    }

    /** Without generations that were damaged on purpose, as long as readers use others. */
    private CacheDump aggregates(CacheDump all) {
        Set<Generation> left = all.snapshots().stream().filter(snapshot -> witness.damaged().contains(snapshot.key()))
                .map(Snapshot::generation).filter(generation -> !all.active().contains(generation))
                .collect(Collectors.toSet());
        return new CacheDump(
                all.snapshots().stream().filter(snapshot -> isAggregate(snapshot.generation()))
                        .filter(snapshot -> !left.contains(snapshot.generation())).toList(),
                all.checkpoints().entrySet().stream().filter(entry -> isAggregate(entry.getKey()))
                        .filter(entry -> !left.contains(entry.getKey()))
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)),
                all.active());
    }

    private static boolean isAggregate(Generation generation) {
        return Stage.AGGREGATES.stream().anyMatch(name -> generation.slot().startsWith(name + ":"));
    }

    private void verify() {
        try {
            Job job = stage.rebuilder("verify", "--aggregates", String.join(",", Stage.AGGREGATES), "--sagas",
                    String.join(",", Stage.SAGAS));
            report.checked("2 the cache-rebuilder verifies the cache",
                    job.code() == 0 ? List.of() : List.of("It ended with " + job.code() + ": " + job.out()));
        } catch (StartFailure e) {
            report.checked("2 the cache-rebuilder verifies the cache", List.of(String.valueOf(e.getMessage())));
        }
    }

    private void leaks() {
        List<String> found = new ArrayList<>();
        health.held(stage.nodes()).forEach((name, now) -> {
            Health.Held before = held.get(name);
            if (before != null && before.leaks(now)) {
                found.add(name + " holds " + now + " and held " + before + " at the start");
            }
        });
        report.checked("no app holds more and more", found);
    }

    private void say(String what) {
        out.printf("%7.1f s  %s%n", (System.nanoTime() - since) / 1e9, what);
    }

    @Override
    public void close() {
        watch.close();
        health.close();
        stage.close();
    }
}
