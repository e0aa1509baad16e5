package dev.hivestream.local.dataflow;

import dev.hivestream.local.Await;
import dev.hivestream.local.Child;
import dev.hivestream.local.Ports;
import dev.hivestream.local.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A Skipper server and a Data Flow server, with databases in memory, listening on this machine only. Skipper launches the
 * apps as processes of its own.
 */
final class Servers implements AutoCloseable {

    private static final Duration START = Duration.ofMinutes(3);
    private static final Duration STOP = Duration.ofSeconds(60);
    private static final Duration APPS_STOP = Duration.ofSeconds(30);
    /** They are older than the modules of the JDK. */
    private static final List<String> JVM = List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "--add-opens", "java.base/java.lang=ALL-UNNAMED", "--add-opens", "java.base/java.lang.reflect=ALL-UNNAMED",
            "--add-opens", "java.base/java.util=ALL-UNNAMED");

    private final Child skipper;
    private final Child dataFlow;
    private final DataFlow client;

    private Servers(Child skipper, Child dataFlow, DataFlow client) {
        this.skipper = skipper;
        this.dataFlow = dataFlow;
        this.client = client;
    }

    /**
     * Starts both and waits for them.
     *
     * @param jars the folder with their boot jars
     * @param data where they write
     * @throws StartFailure if a jar is missing, or a server does not start within three minutes
     */
    static Servers start(Path jars, Path data) throws IOException {
        int skipperPort = Ports.free();
        int port = Ports.free();
        Path apps = Files.createDirectories(data.resolve("deployed"));
        String account = "--spring.cloud.skipper.server.platform.local.accounts.default.";
        Child skipper = start("skipper-server", jar(jars, "spring-cloud-skipper-server-"), data, skipperPort,
                account + "hostname=127.0.0.1", account + "workingDirectoriesRoot=" + apps,
                account + "deleteFilesOnExit=false", account + "portRange.low=20000", account + "portRange.high=32000");
        Child dataFlow = start("dataflow-server", jar(jars, "spring-cloud-dataflow-server-"), data, port,
                "--spring.cloud.dataflow.features.tasks-enabled=false",
                "--spring.cloud.skipper.client.serverUri=http://127.0.0.1:" + skipperPort + "/api");
        var servers = new Servers(skipper, dataFlow, new DataFlow("http://127.0.0.1:" + port));
        try {
            skipper.awaitStart(START, () -> DataFlow.answers("http://127.0.0.1:" + skipperPort + "/api/about"));
            dataFlow.awaitStart(START, () -> DataFlow.answers("http://127.0.0.1:" + port + "/about"));
            return servers;
        } catch (StartFailure e) {
            servers.close();
            throw e;
        }
    }

    private static Child start(String name, Path jar, Path data, int port, String... arguments) {
        List<String> command = Child.jvm();
        command.addAll(JVM);
        command.addAll(List.of("-jar", jar.toString(), "--server.port=" + port, "--server.address=127.0.0.1",
                "--spring.cloud.config.enabled=false",
                "--spring.datasource.url=jdbc:h2:mem:" + name + ";DB_CLOSE_DELAY=-1"));
        command.addAll(List.of(arguments));
        return Child.start(name, command, Map.of(), data, data.resolve(name + ".log"));
    }

    private static Path jar(Path folder, String name) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith(name)).max(Comparator.naturalOrder())
                    .orElseThrow(() -> new StartFailure("There is no " + name + "….jar in " + folder));
        }
    }

    /** The Data Flow server, as its clients see it. */
    DataFlow client() {
        return client;
    }

    /** The processes of the apps that run now: those that Skipper launched. */
    List<ProcessHandle> apps() {
        return ProcessHandle.of(skipper.pid()).stream().flatMap(ProcessHandle::descendants)
                .filter(ProcessHandle::isAlive).toList();
    }

    /** Ends both; apps that still run are ended too, by their ids. */
    @Override
    public void close() {
        List<ProcessHandle> apps = apps();
        dataFlow.terminate(STOP);
        skipper.terminate(STOP);
        apps.forEach(ProcessHandle::destroy);
        try {
            Await.until(APPS_STOP, () -> apps.stream().noneMatch(ProcessHandle::isAlive));
        } finally {
            apps.forEach(ProcessHandle::destroyForcibly);
        }
    }
}
