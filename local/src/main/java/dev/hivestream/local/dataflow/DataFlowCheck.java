package dev.hivestream.local.dataflow;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hivestream.local.Await;
import dev.hivestream.local.Child;
import dev.hivestream.local.Folders;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import dev.hivestream.local.StartFailure;
import dev.hivestream.local.Watchdog;
import dev.hivestream.local.check.EventLog;
import dev.hivestream.local.check.Findings;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/**
 * The three apps in a real Spring Cloud Data Flow: registers them, deploys the pipelines of docs/dataflow.md, sends commands,
 * waits for their events and for a transfer's end, scales, undeploys, and looks whether a process was left. What
 * {@code bin/dataflow-check} starts.
 */
public final class DataFlowCheck {

    private static final Duration DEPLOYED = Duration.ofMinutes(3);
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String PROCESSOR = "hive-command-processor";
    private static final String SAGAS = "hive-saga-manager";
    private static final String REBUILDER = "hive-cache-rebuilder";

    private final PrintStream out;
    private final Findings findings;
    private final LocalStack stack;
    private final Servers servers;
    private final DataFlow dataFlow;
    private final Map<String, String> properties;
    private final Set<ProcessHandle> launched = new HashSet<>();

    private DataFlowCheck(PrintStream out, LocalStack stack, Servers servers, Path samples) {
        this.out = out;
        this.findings = new Findings(out);
        this.stack = stack;
        this.servers = servers;
        this.dataFlow = servers.client();
        this.properties = Map.of("deployer.*.local.javaCmd", Child.java(),
                "deployer.*.local.javaOpts",
                "-Xmx256m -XX:+ExitOnOutOfMemoryError -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dloader.path="
                        + samples,
                "app.*.spring.kafka.bootstrap-servers", stack.broker().bootstrapServers(),
                "app.*.spring.data.redis.url", stack.redis().uri());
    }

    /**
     * Takes the folder with the servers' jars; the system properties {@code hive.home} and {@code hive.samples} are the
     * project's directory and the jar of the samples. Ends with 0 if everything held, else with 1.
     */
    public static void main(String[] arguments) throws Exception {
        var out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8);
        Path home = Path.of(System.getProperty("hive.home", ".")).toAbsolutePath().normalize();
        Watchdog.endWithScript();
        try {
            System.exit(run(out, home, Path.of(arguments[0]), Path.of(System.getProperty("hive.samples", ""))));
        } catch (StartFailure e) {
            System.err.println("dataflow-check: " + e.getMessage());
            System.exit(1);
        }
    }

    private static int run(PrintStream out, Path home, Path jars, Path samples) throws Exception {
        if (samples.toString().contains(" ")) {
            throw new StartFailure("The local deployer splits Java options at blanks, and the project lies in '" + home
                    + "': move it to a folder without blanks in its name");
        }
        long begun = System.nanoTime();
        Path data = Files.createTempDirectory(Files.createDirectories(home.resolve("target")), "dataflow-check-");
        Set<ProcessHandle> launched;
        boolean held;
        try (LocalStack stack = LocalStack.start(data, Ports.free(), Ports.free());
                Servers servers = Servers.start(jars, data)) {
            // a Ctrl-C ends what Skipper launched, too, which the watchdog does not know
            Watchdog.beforeKilling(servers::close);
            out.printf("Broker, Redis, Skipper and Data Flow run after %.1f s. Data and logs: %s%n",
                    (System.nanoTime() - begun) / 1e9, data);
            var check = new DataFlowCheck(out, stack, servers, samples);
            check.all(home, data);
            launched = check.launched;
            held = check.findings.failed() == 0;
            out.printf("%n%d held, %d did not, in %.1f s%n", check.findings.passed(), check.findings.failed(),
                    (System.nanoTime() - begun) / 1e9);
        }
        List<Long> left = launched.stream().filter(ProcessHandle::isAlive).map(ProcessHandle::pid).toList();
        if (!left.isEmpty()) {
            out.println("Processes of apps that are left: " + left);
        }
        if (held && left.isEmpty()) {
            // else the logs explain it
            Folders.delete(data);
            return 0;
        }
        return 1;
    }

    private void all(Path home, Path data) throws InterruptedException {
        try {
            register(home, data);
            content();
            bank();
            follow();
            pipe(data);
            scale();
            undeploy();
        } catch (IOException | ExecutionException | StartFailure e) {
            findings.equal("the check could be made to its end", "", e.toString());
        } finally {
            launched.addAll(servers.apps());
        }
    }

    private void register(Path home, Path data) throws IOException, InterruptedException {
        out.println("Registering");
        String version = versionOf(properties.get("deployer.*.local.javaOpts"));
        Path apps = Files.createDirectories(data.resolve("apps"));
        for (String app : List.of("command-processor", "saga-manager", "cache-rebuilder")) {
            // Data Flow takes an app's version from the name of its file
            Files.copy(home.resolve(app + "/target/" + app + "-boot.jar"),
                    apps.resolve("hive-" + app + "-" + version + ".jar"));
        }
        register("processor", PROCESSOR, apps, version, "hive.aggregates", "hive.http.patience");
        register("app", PROCESSOR, apps, version, "hive.aggregates", "spring.kafka.bootstrap-servers");
        register("app", SAGAS, apps, version, "hive.sagas", "spring.data.redis.url");
        register("sink", REBUILDER, apps, version, "hive.aggregates", "hive.rebuild.follow");
    }

    private static String versionOf(@Nullable String options) {
        String file = Objects.requireNonNull(options);
        return file.substring(file.lastIndexOf("hive-samples-") + "hive-samples-".length(), file.length() - 4);
    }

    private void register(String type, String name, Path apps, String version, String... shown)
            throws IOException, InterruptedException {
        dataFlow.register(type, name, apps.resolve(name + "-" + version + ".jar"));
        List<String> options = dataFlow.properties(type, name);
        findings.equal(type + "." + name + " is registered and shows its properties", true,
                options.containsAll(List.of(shown)));
    }

    private void content() throws IOException, InterruptedException {
        out.println("A pipeline of one aggregate");
        deploy("content", ":content.commands > " + PROCESSOR + " --hive.aggregates=content > :content.events",
                PROCESSOR);
        String url = url("content", PROCESSOR);
        findings.equal("a command is accepted", "200",
                dataFlow.post(url + "/v1/content/c-1/create", "create-c-1", "{\"text\":\"Hello\"}"));
        findings.equal("its event is in the log", "content.created",
                EventLog.read(stack.broker().bootstrapServers(), List.of("content")).events().stream()
                        .map(event -> event.type()).collect(Collectors.joining(",")));
    }

    private void bank() throws IOException, InterruptedException {
        out.println("Commands, events and a saga's commands");
        deploy("bank", PROCESSOR + " --hive.aggregates=account,transfer || " + SAGAS + " --hive.sagas=money-transfer",
                PROCESSOR, SAGAS);
        transfer(url("bank", PROCESSOR), "1");
        findings.equal("the saga's commands had their events", "account.deposited,account.withdrawn",
                EventLog.read(stack.broker().bootstrapServers(), List.of("account")).events().stream()
                        .filter(event -> event.version() > 1 && !event.commandId().startsWith("by-hand"))
                        .map(event -> event.type()).sorted().collect(Collectors.joining(",")));
    }

    private void transfer(String url, String number) throws IOException, InterruptedException {
        String ada = "ada-" + number;
        String bob = "bob-" + number;
        String transfer = "transfer-" + number;
        for (String[] command : new String[][]{{"account", ada, "open", "{\"owner\":\"ada\"}"},
                {"account", bob, "open", "{\"owner\":\"bob\"}"}, {"account", ada, "deposit", "{\"amount\":100}"},
                {"transfer", transfer, "request",
                        "{\"from\":\"" + ada + "\",\"to\":\"" + bob + "\",\"amount\":40}"}}) {
            String path = "/v1/" + command[0] + "/" + command[1] + "/" + command[2];
            String answer = dataFlow.post(url + path, "by-hand" + path.replace('/', '-'), command[3]);
            if (!answer.equals("200")) {
                throw new IOException("POST " + url + path + ": " + answer);
            }
        }
        soon("a transfer is completed by the saga", "COMPLETED 40",
                () -> dataFlow.read(url + "/v1/transfer/" + transfer).path("status").asString("") + " "
                        + dataFlow.read(url + "/v1/account/" + bob).path("balance").asLong(0));
    }

    private void follow() throws IOException, InterruptedException {
        out.println("A cache that is kept in step");
        deploy("follow", ":content.events > " + REBUILDER + " --hive.aggregates=content --hive.rebuild.follow=true",
                REBUILDER);
        String url = url("follow", REBUILDER);
        soon("the cache-rebuilder folded the event, and follows", "follow 0 1", () -> {
            var progress = dataFlow.read(url + "/actuator/rebuild");
            return progress.path("phase").asString("") + " " + metric(url, "hive.rebuild.lag") + " "
                    + metric(url, "hive.rebuild.events");
        });
    }

    private int metric(String url, String name) throws IOException, InterruptedException {
        return dataFlow.read(url + "/actuator/metrics/" + name).path("measurements").path(0).path("value").asInt(-1);
    }

    private void pipe(Path data) throws IOException, InterruptedException {
        out.println("A pipe between the apps");
        dataFlow.define("pipe", ":content.commands > " + PROCESSOR + " --hive.aggregates=content | " + REBUILDER
                + " --hive.aggregates=content --hive.rebuild.follow=true");
        dataFlow.deploy("pipe", properties);
        soon("both refuse it and say what to write instead", List.of(
                "':content.commands > " + PROCESSOR + " --hive.aggregates=content > :content.events' then",
                "':content.events > " + REBUILDER + " --hive.aggregates=content --hive.rebuild.follow=true' then"),
                () -> refused(data.resolve("deployed"), "pipe"));
        launched.addAll(servers.apps());
    }

    /** The ends of the lines with which apps of a stream refused their start: behind "the definition … is". */
    private static List<String> refused(Path deployed, String stream) throws IOException {
        try (var files = Files.walk(deployed)) {
            List<Path> logs = files.filter(file -> file.endsWith("stderr_0.log")
                    && file.toString().contains("/" + stream + ".")).toList();
            List<String> lines = new ArrayList<>();
            for (Path log : logs) {
                Files.readAllLines(log).stream().filter(line -> line.startsWith("Start refused: "))
                        .map(line -> line.substring(line.lastIndexOf(" is '") + 4)).forEach(lines::add);
            }
            return lines.stream().sorted().toList();
        }
    }

    private void scale() throws IOException, InterruptedException {
        out.println("Scaling");
        dataFlow.scale("bank", PROCESSOR, 2);
        soon("there are two instances, both ready", true, () -> {
            var instances = dataFlow.instances("bank", PROCESSOR);
            return instances.size() == 2 && instances.stream()
                    .allMatch(instance -> DataFlow.answers(instance.url() + "/actuator/health/readiness"));
        });
        launched.addAll(servers.apps());
        transfer(url("bank", PROCESSOR), "2");
    }

    private void undeploy() throws IOException, InterruptedException, ExecutionException {
        out.println("Undeploying");
        launched.addAll(servers.apps());
        for (String stream : List.of("content", "bank", "follow")) {
            dataFlow.undeploy(stream);
        }
        for (String stream : List.of("content", "bank", "follow")) {
            soon(stream + " is undeployed", "undeployed", () -> dataFlow.status(stream));
        }
        soon("of the " + launched.size() + " processes of apps none is left", List.of(),
                () -> launched.stream().filter(ProcessHandle::isAlive).map(ProcessHandle::pid).toList());
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.broker().bootstrapServers()))) {
            // a killed one would stay until its session ends
            List<String> groups = List.of("command-processor", "content", "follow", "saga-manager",
                    "saga-router-money-transfer");
            findings.equal("each left its consumer group, as an app does that ends in good order",
                    groups.stream().map(group -> group + " Empty").toList(),
                    admin.describeConsumerGroups(groups).all().get().values().stream()
                            .map(group -> group.groupId() + " " + group.groupState()).sorted().toList());
        }
    }

    private void deploy(String stream, String definition, String... apps) throws IOException, InterruptedException {
        long begun = System.nanoTime();
        dataFlow.define(stream, definition);
        dataFlow.deploy(stream, properties);
        boolean ready = Await.until(DEPLOYED, () -> isDeployed(stream) && List.of(apps).stream().allMatch(
                app -> isReady(stream, app)));
        launched.addAll(servers.apps());
        findings.equal("'%s' is deployed after %.1f s".formatted(definition, (System.nanoTime() - begun) / 1e9),
                "deployed", ready ? "deployed" : dataFlow.status(stream) + " or not ready");
    }

    private boolean isDeployed(String stream) {
        try {
            return dataFlow.status(stream).equals("deployed");
        } catch (IOException e) {
            throw new StartFailure("The Data Flow server does not tell of '" + stream + "'", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartFailure("Interrupted", e);
        }
    }

    private boolean isReady(String stream, String app) {
        try {
            return DataFlow.answers(url(stream, app) + "/actuator/health/readiness");
        } catch (IOException e) {
            throw new StartFailure("The Data Flow server does not tell of '" + stream + "'", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartFailure("Interrupted", e);
        }
    }

    private String url(String stream, String app) throws IOException, InterruptedException {
        return dataFlow.instances(stream, app).stream().map(DataFlow.Instance::url).findFirst()
                .orElseThrow(() -> new IOException("There is no instance of '" + app + "' in '" + stream + "'"));
    }

    private void soon(String what, Object expected, Findings.Asked<?> asked) throws IOException, InterruptedException {
        long end = System.nanoTime() + SOON.toNanos();
        try {
            Object actual = asked.value();
            while (!Objects.equals(expected, actual) && System.nanoTime() - end < 0) {
                TimeUnit.MILLISECONDS.sleep(200);
                actual = asked.value();
            }
            findings.equal(what, expected, actual);
        } catch (IOException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
