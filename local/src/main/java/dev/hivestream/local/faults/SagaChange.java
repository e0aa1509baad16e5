package dev.hivestream.local.faults;

import dev.hivestream.local.Await;
import dev.hivestream.local.BootApp;
import dev.hivestream.local.Job;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.local.StartFailure;
import dev.hivestream.local.check.Bank;
import dev.hivestream.local.check.Committed;
import dev.hivestream.local.check.EventLog;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.faults.saga.ApprovedTransfer;
import dev.hivestream.local.faults.saga.ApprovedTransfers;
import dev.hivestream.local.faults.saga.Code;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/**
 * Changes of a saga's code under load. The saga-managers are killed while transfers are under way, and started with other
 * code of {@link ApprovedTransfer}; Redis is emptied, groups are deleted, and messages pile up meanwhile. Each round ends
 * with code that every instance can go on with, quiet, and all checks.
 */
public final class SagaChange implements AutoCloseable {

    private static final String SAGA = ApprovedTransfers.SAGA;
    private static final List<String> AGGREGATES = List.of("account", "content", "review", "transfer");
    private static final List<String> GROUPS = List.of("saga-manager", "saga-router-" + SAGA);
    private static final int CHANGES = 3;
    private static final int ACCOUNTS = 20;
    private static final int CLOSED = 2;
    private static final int BACKLOG = 60;
    private static final int LOAD = 20;
    private static final int PAUSE_MILLIS = 1_500;
    private static final int REFUSED_PERCENT = 15;
    /** So many transfers that end show that new code works, before it is broken again. */
    private static final int PROGRESS = 5;
    private static final Duration PROGRESS_WITHIN = Duration.ofSeconds(20);
    private static final int STILL_MILLIS = 500;
    /** Whatever is waited for in vain is found. */
    private static final Duration MUTATED_PATIENCE = Duration.ofSeconds(40);

    private final Duration length;
    private final Duration patience;
    private final Path directory;
    private final PrintStream out;
    private final Report report;
    private final Random random;
    private final Health health;
    private final Fleet fleet;
    private final Bank bank;
    private final Path domain;
    private final List<BootApp> processors = new ArrayList<>();
    private final List<BootApp> sagaManagers = new ArrayList<>();
    /** Transfers on which nobody has decided. */
    private final List<Integer> undecided = new ArrayList<>();
    private final long since = System.nanoTime();
    private int code;
    /** How many transfers had ended when the code was started. */
    private long settled;

    /**
     * Starts all but the saga-managers.
     *
     * @param seed decides what the code does, what is broken and when, and which transfers there are
     * @param length after which no other round begins
     * @param mutation what is taken away from the saga-managers; null: nothing
     * @param directory for data and logs; what is in it is deleted
     */
    SagaChange(long seed, Duration length, @Nullable Mutation mutation, Path directory, PrintStream out) {
        this.length = length;
        this.patience = mutation == null || mutation.isHarmless() ? Fleet.PATIENCE : MUTATED_PATIENCE;
        this.directory = directory.toAbsolutePath();
        this.out = out;
        this.report = new Report(seed);
        this.random = new Random(seed);
        this.health = new Health(this.directory);
        this.fleet = new Fleet(this.directory,
                home -> LocalStack.start(home, Ports.free(), Ports.free()));
        this.bank = new Bank(fleet.stack(), "bank", ACCOUNTS, CLOSED, seed).withoutForgeries();
        this.domain = ClassJar.write(this.directory.resolve("approved-transfers.jar"),
                List.of(ApprovedTransfers.class, ApprovedTransfer.class, Code.class), Map.of(),
                Map.of("META-INF/services/dev.hivestream.model.Domain", ApprovedTransfers.class.getName() + "\n"));
        for (String name : List.of("first", "second")) {
            processors.add(fleet.app(name).property("hive.aggregates", String.join(",", AGGREGATES)));
            BootApp sagas = fleet.sagaManager("sagas-" + name, Fleet.samples(), domain).property("hive.sagas", SAGA);
            if (mutation != null) {
                sagas.environment("JDK_JAVA_OPTIONS", AgentJar.option(this.directory, mutation.agent()));
            }
            sagaManagers.add(sagas);
        }
        try {
            processors.forEach(BootApp::start);
            processors.forEach(app -> app.awaitReady(Fleet.PATIENCE));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        say("ready");
    }

    /** One without mutation. */
    public static SagaChange of(long seed, Duration length, Path directory, PrintStream out) {
        return new SagaChange(seed, length, null, directory, out);
    }

    /** Runs it to its end. */
    public Report run() throws InterruptedException {
        bank.open();
        load(BACKLOG);
        fleet.awaitQuiet(AGGREGATES.toArray(String[]::new));
        code = next(Code::isSound);
        start(sagaManagers);
        long end = System.nanoTime() + length.toNanos();
        int rounds = 0;
        do {
            round(rounds == 0);
            rounds++;
            say("checked: " + (report.violations().isEmpty() ? "no violation" : report.violations().keySet()));
        } while (report.violations().isEmpty() && System.nanoTime() - end < 0);
        report.figure("rounds", rounds);
        report.figure("seconds", (System.nanoTime() - since) / 1_000_000_000);
        report.figure("transfers", bank.transfers());
        return report;
    }

    private void round(boolean first) throws InterruptedException {
        boolean ready = areReady();
        for (int i = 0; i < CHANGES && ready; i++) {
            awaitProgress();
            if (first && i == 0) {
                replace(next(Code::isSound), true, true, GROUPS, false);
            } else {
                // the middle one fails
                change(next(i == 1 ? each -> !each.isSound() : _ -> true));
            }
            ready = areReady();
        }
        if (ready && !Code.of(code).isSound()) {
            replace(next(Code::isSound), random.nextBoolean(), random.nextBoolean(), List.of(), false);
            ready = areReady();
        }
        report.checked("all apps are ready again", ready ? List.of() : List.of("Not within " + patience));
        report.checked("processes end only when they are told to", ended());
        if (ready) {
            settle();
            check();
        }
    }

    /** Other code than the present one, such that the commands have other places among the effects. */
    private int next(Predicate<Code> wanted) {
        while (true) {
            int number = random.nextInt(Integer.MAX_VALUE);
            Code next = Code.of(number);
            if (next.shifts(Code.of(code)) && wanted.test(next)) {
                return number;
            }
        }
    }

    private void change(int next) throws InterruptedException {
        if (random.nextInt(4) == 0) {
            load(LOAD);
            roll(next);
        } else {
            List<String> groups = GROUPS.stream().filter(_ -> random.nextInt(3) == 0).toList();
            replace(next, random.nextBoolean(), random.nextBoolean(), groups, random.nextInt(4) == 0);
        }
        if (random.nextInt(3) == 0) {
            load(LOAD);
            pause();
            flush();
        }
        if (random.nextBoolean() && Code.of(code).isSound() && areReady()) {
            health.retryParked(sagaManagers.getFirst().url(), SAGA);
        }
    }

    /** One after the other, so that both versions run for a while. */
    private void roll(int next) {
        code = next;
        say("rolled to " + Code.of(next));
        report.injected("saga-rolled");
        for (BootApp app : sagaManagers) {
            app.kill();
            start(List.of(app));
            // not ready in time: what checks it afterwards tells
            var _ = Await.until(patience, app::isReady);
        }
    }

    /**
     * All at once.
     *
     * @param unanswered whether commands that were sent are not decided before
     * @param flushes whether Redis is emptied meanwhile
     * @param deleted groups
     * @param breaks whether the broker is killed, too
     */
    private void replace(int next, boolean unanswered, boolean flushes, List<String> deleted, boolean breaks)
            throws InterruptedException {
        load(LOAD);
        pause();
        if (unanswered) {
            processors.forEach(app -> app.process().pause());
            TimeUnit.MILLISECONDS.sleep(STILL_MILLIS);
        }
        sagaManagers.forEach(BootApp::kill);
        processors.forEach(app -> app.process().resume());
        load(random.nextInt(LOAD));
        code = next;
        say("changed to " + Code.of(next) + (unanswered ? " before the answers" : "")
                + (flushes ? ", Redis emptied" : "")
                + (deleted.isEmpty() ? "" : ", deleted " + deleted) + (breaks ? ", broker killed" : ""));
        report.injected("saga-changed");
        if (flushes) {
            flush();
        }
        if (breaks) {
            report.injected("broker-kill");
            fleet.stack().broker().kill();
            fleet.stack().broker().start();
        }
        try (var admin = Admin.create(Map.of("bootstrap.servers", fleet.stack().broker().bootstrapServers()))) {
            for (String group : deleted) {
                report.injected("group-deleted");
                if (!Breaker.delete(admin, group)) {
                    throw new StartFailure("The group " + group + " could not be deleted within " + Fleet.PATIENCE);
                }
            }
        }
        start(sagaManagers);
    }

    private void start(List<BootApp> apps) {
        settled = bank.settled(bank.log());
        apps.forEach(app -> app.property(Code.PROPERTY, "" + code).start());
    }

    /** What does not work yet cannot be broken. */
    private void awaitProgress() {
        var _ = Await.until(PROGRESS_WITHIN, () -> bank.settled(bank.log()) >= Math.min(bank.transfers(),
                settled + PROGRESS));
    }

    private boolean areReady() {
        return sagaManagers.stream().allMatch(app -> Await.until(patience, app::isReady));
    }

    private void flush() {
        report.injected("redis-flush");
        fleet.stack().redis().call("FLUSHALL");
    }

    private void pause() throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(random.nextInt(PAUSE_MILLIS));
    }

    /** Asks for transfers. Of some, the decision comes first; of others, some day. */
    private void load(int transfers) {
        for (int i = 0; i < transfers; i++) {
            int number = bank.transfers() + i;
            if (random.nextInt(3) == 0) {
                decide(number);
            } else {
                undecided.add(number);
            }
        }
        bank.transfer(transfers);
        Collections.shuffle(undecided, random);
        int some = random.nextInt(undecided.size() + 1);
        undecided.subList(0, some).forEach(this::decide);
        undecided.subList(0, some).clear();
    }

    private void decide(int transfer) {
        bank.review(transfer, random.nextInt(100) >= REFUSED_PERCENT);
    }

    private List<String> ended() {
        return Stream.concat(processors.stream(), sagaManagers.stream()).filter(app -> !app.process().isAlive())
                .map(app -> app.process().end()).toList();
    }

    private void settle() {
        undecided.forEach(this::decide);
        undecided.clear();
        String url = sagaManagers.getFirst().url();
        boolean allSettled = Await.until(patience, () -> {
            health.retryParked(url, SAGA);
            return bank.settled(bank.log()) >= bank.transfers();
        });
        report.checked("every transfer has come to its end",
                allSettled ? List.of() : List.of(bank.settled(bank.log()) + " of " + bank.transfers()));
        List<String> unended = new ArrayList<>();
        var _ = Await.until(allSettled ? patience : Duration.ZERO, () -> {
            unended.clear();
            unended.addAll(health.unended(url));
            return unended.isEmpty();
        });
        report.checked("every instance has ended", unended);
        say("settled");
    }

    private void check() {
        try {
            fleet.awaitQuiet(AGGREGATES.toArray(String[]::new));
            report.checked("all that was sent is decided", List.of());
        } catch (AssertionError e) {
            report.checked("all that was sent is decided", List.of(String.valueOf(e.getMessage())));
        }
        EventLog log = bank.log();
        report.checked("no money is made or lost, and each transfer has moved its money once", bank.faults(log));
        var audit = new SagaAudit(topic -> Committed.read(fleet.stack().broker().bootstrapServers(), topic), SAGA,
                AGGREGATES);
        report.checked("versions in the history are 1, 2, 3 …", audit.wrongVersions());
        report.checked("no step of an instance was sent as another command", audit.sentAgain());
        report.checked("what is recorded was sent, once, and nothing else was", audit.otherThanRecorded());
        report.checked("nothing that came to the saga was lost", audit.deadLetters());
        Job verify = fleet.jobOn("cache-rebuilder",
                Map.of("loader.path", Fleet.samples() + "," + domain, Code.PROPERTY, "" + code),
                List.of("verify", "--sagas", SAGA, "--brokers", fleet.stack().broker().bootstrapServers(), "--redis",
                        fleet.stack().redis().uri()));
        report.checked("the cache-rebuilder verifies the instances",
                verify.code() == 0 ? List.of() : List.of("It ended with " + verify.code() + ": " + verify.out()));
        bank.ends(log).forEach((end, count) -> report.figure(end, count));
    }

    private void say(String what) {
        out.printf("%7.1f s  %s%n", (System.nanoTime() - since) / 1e9, what);
    }

    @Override
    public void close() {
        Stream.concat(sagaManagers.stream(), processors.stream()).parallel().filter(BootApp::isStarted)
                .forEach(BootApp::kill);
        bank.close();
        health.close();
        fleet.close();
    }
}
