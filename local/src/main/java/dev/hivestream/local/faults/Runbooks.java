package dev.hivestream.local.faults;

import dev.hivestream.local.Await;
import dev.hivestream.local.Folders;
import dev.hivestream.local.Job;
import dev.hivestream.local.KafkaBroker;
import dev.hivestream.local.check.CacheDump;
import dev.hivestream.local.check.Checker;
import dev.hivestream.local.check.EventLog;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Linearizability;
import dev.hivestream.local.check.Violation;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/**
 * A rehearsal, under load, of the runbooks about records that Kafka lost: a commands topic is created again, and all brokers
 * go back to older data. The runbooks about Redis and about the group's offsets are {@link Kind kinds of faults}.
 */
final class Runbooks {

    private static final List<String> AGGREGATES = List.of("account", "content");
    private static final String COMMANDS = "account.commands";
    private static final Duration LOAD = Duration.ofSeconds(5);
    private static final int CLIENTS = 8;

    private final Path directory;
    private final long seed;
    private final PrintStream out;
    private final List<String> faults = new ArrayList<>();

    /** @param directory for data and logs; what is in it is deleted */
    Runbooks(Path directory, long seed, PrintStream out) {
        this.directory = directory.toAbsolutePath();
        this.seed = seed;
        this.out = out;
    }

    /** Runs both; false if something is not as it must be. */
    boolean run() throws InterruptedException, ExecutionException {
        try (var stage = new Stage(directory, new Stage.Plan(false, false, Map.of(), "", ""), seed)) {
            var witness = new Witness();
            createAgain(stage, witness);
            check("created-again", stage, witness);
            truncate(stage, witness);
            check("truncated", stage, witness);
        }
        faults.forEach(fault -> out.println("✗ " + fault));
        out.println(
                faults.isEmpty() ? "✓ both runbooks lead back to a sound log and cache" : faults.size() + " faults");
        return faults.isEmpty();
    }

    /** Clients that wait meanwhile send their commands again, as the runbook says. */
    private void createAgain(Stage stage, Witness witness) throws InterruptedException, ExecutionException {
        try (var clients = new Clients(witness, stage.urls(), "created-again", CLIENTS, seed);
                var admin = Admin.create(Map.of("bootstrap.servers", stage.kafka().bootstrapServers()))) {
            TimeUnit.MILLISECONDS.sleep(LOAD.toMillis());
            stopApps(stage);
            admin.deleteTopics(Set.of(COMMANDS)).all().get();
            if (!Await.until(Fleet.PATIENCE, () -> !topics(admin).contains(COMMANDS))) {
                faults.add("The topic is still there after " + Fleet.PATIENCE);
            }
            startApps(stage);
            TimeUnit.MILLISECONDS.sleep(LOAD.toMillis());
            end("created-again", clients);
        }
    }

    /** What clients were told since the copy is lost; they send it again under the same ids, and it is decided anew. */
    private void truncate(Stage stage, Witness witness) throws InterruptedException {
        List<KafkaBroker> brokers = stage.kafka().brokers();
        stop(stage);
        brokers.forEach(broker -> Folders.copy(broker.data(), older(broker)));
        int kept = start(stage);
        var lost = new Witness();
        load("truncated", stage, lost);
        int before = stage.log().events().size();
        stop(stage);
        for (KafkaBroker broker : brokers) {
            Folders.delete(broker.data());
            Folders.copy(older(broker), broker.data());
        }
        stage.redis().primary().call("FLUSHDB");
        int after = start(stage);
        out.printf("truncated: %d events, %d of them lost, %s%n", before, before - after, lost.outcomes());
        if (after != kept || before == kept) {
            faults.add("The log had " + kept + " events when it was copied, then " + before + ", and " + after
                    + " after the truncation");
        }
        load("truncated", stage, witness);
    }

    private Path older(KafkaBroker broker) {
        return directory.resolve("older-" + broker.port());
    }

    private static void stop(Stage stage) {
        stopApps(stage);
        stage.kafka().brokers().forEach(KafkaBroker::kill);
    }

    private static void stopApps(Stage stage) {
        stage.processors().forEach(node -> node.app().stop(Fleet.PATIENCE));
    }

    /** Gives the number of events in the log. */
    private static int start(Stage stage) {
        // each waits for the others
        stage.kafka().brokers().parallelStream().forEach(KafkaBroker::start);
        if (!stage.kafka().awaitInSync(Fleet.PATIENCE)) {
            throw new IllegalStateException("The brokers are not in sync within " + Fleet.PATIENCE);
        }
        int events = stage.log().events().size();
        startApps(stage);
        return events;
    }

    private static void startApps(Stage stage) {
        stage.processors().forEach(node -> node.app().start());
        stage.processors().forEach(node -> node.app().awaitReady(Fleet.PATIENCE));
    }

    private void load(String name, Stage stage, Witness witness) throws InterruptedException {
        try (var clients = new Clients(witness, stage.urls(), name, CLIENTS, seed)) {
            TimeUnit.MILLISECONDS.sleep(LOAD.toMillis());
            end(name, clients);
        }
    }

    private void end(String name, Clients clients) throws InterruptedException {
        clients.stop();
        if (!clients.awaitEnd(Fleet.PATIENCE)) {
            faults.add(name + ": a client has no answer within " + Fleet.PATIENCE);
        }
    }

    private void check(String name, Stage stage, Witness witness) {
        stage.fleet().awaitQuiet(AGGREGATES.toArray(String[]::new));
        EventLog log = EventLog.read(stage.kafka().bootstrapServers(), AGGREGATES);
        Checker.check(log, CacheDump.read(stage.redis().primary().port()), witness.history, Checker.sampleFolds())
                .stream().map(Violation::toString).forEach(faults::add);
        faults.addAll(Linearizability.check(log, witness.takeOperations(), witness.begun()));
        Job verify = stage.rebuilder("verify", "--aggregates", String.join(",", AGGREGATES));
        if (verify.code() != 0) {
            faults.add(name + ": verify ended with " + verify.code() + ": " + verify.out());
        }
        faults.addAll(witness.surprises());
        out.printf("%s: %d events, %s%n", name, log.events().size(), witness.outcomes());
    }

    private static Set<String> topics(Admin admin) {
        try {
            return admin.listTopics().names().get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            throw Await.interrupted(e);
        }
    }
}
