package dev.hivestream.local.faults;

import dev.hivestream.local.Await;
import dev.hivestream.local.check.CacheDump;
import dev.hivestream.local.check.Checker;
import dev.hivestream.local.check.EventLog;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.check.Violation;
import dev.hivestream.local.faults.Stage.Node;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;

/** Somebody adds partitions to a topic by mistake: its commands are refused from then on, and none is decided wrongly. */
public final class Partitions {

    private static final int MORE = Fleet.PARTITIONS + 2;
    private static final Duration LOAD = Duration.ofSeconds(5);
    private static final Duration NOTICED = Duration.ofSeconds(60);

    private final Path directory;
    private final long seed;
    private final PrintStream out;

    /** @param directory for data and logs; what is in it is deleted */
    public Partitions(Path directory, long seed, PrintStream out) {
        this.directory = directory;
        this.seed = seed;
        this.out = out;
    }

    /** Runs it; false if something is not as it must be. */
    public boolean run() throws InterruptedException, ExecutionException {
        List<String> faults = new ArrayList<>();
        var witness = new Witness();
        // consumers look for new partitions after five minutes, if nobody tells them to do it sooner
        Map<String, String> properties = Map.of(
                "spring.cloud.stream.kafka.bindings.input.consumer.configuration.metadata.max.age.ms", "3000");
        try (var stage = new Stage(directory, new Stage.Plan(false, false, properties, "", ""), seed)) {
            try (var clients = new Clients(witness, stage.urls(), "p", 8, seed)) {
                TimeUnit.MILLISECONDS.sleep(LOAD.toMillis());
                add(stage);
                for (Node node : stage.processors()) {
                    if (!Await.until(NOTICED, () -> says(node))) {
                        faults.add(node + " does not say that account.commands has " + MORE + " partitions, within "
                                + NOTICED);
                    }
                }
                TimeUnit.MILLISECONDS.sleep(LOAD.toMillis());
                clients.stop();
            }
            Node node = stage.processors().getFirst();
            node.app().kill();
            node.app().start();
            if (!Await.until(NOTICED, () -> !node.app().process().isAlive())) {
                faults.add(node + " starts with a topic that has too many partitions");
            } else if (!says(node)) {
                faults.add(node + " does not say why it does not start");
            }
            EventLog log = EventLog.read(stage.kafka().bootstrapServers(), List.of("account", "content"));
            Checker.check(log, CacheDump.read(stage.redis().primary().port()), witness.history, Checker.sampleFolds())
                    .stream().map(Violation::toString).forEach(faults::add);
            faults.addAll(witness.surprises());
            out.printf("%d events, %s%n", log.events().size(), witness.outcomes());
            stage.processors().forEach(each -> out.println(each + ": " + line(each)));
        }
        faults.forEach(fault -> out.println("✗ " + fault));
        out.println(faults.isEmpty() ? "✓ refused, and nothing was decided wrongly" : faults.size() + " faults");
        return faults.isEmpty();
    }

    private static void add(Stage stage) throws InterruptedException, ExecutionException {
        try (var admin = Admin.create(Map.of("bootstrap.servers", stage.kafka().bootstrapServers()))) {
            admin.createPartitions(Map.of("account.commands", NewPartitions.increaseTo(MORE))).all().get();
        }
    }

    private static boolean says(Node node) {
        return !line(node).isEmpty();
    }

    private static String line(Node node) {
        return node.app().process().log().lines()
                .filter(line -> line.contains("account.commands") && line.contains(" " + MORE + " partitions"))
                .findFirst().orElse("");
    }
}
