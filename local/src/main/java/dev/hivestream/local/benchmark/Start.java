package dev.hivestream.local.benchmark;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.Child;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.Ports;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How long an app needs from its start until it is ready, and what that costs: as a boot jar, taken apart as in the image,
 * and that with the cache of its classes. And how long the command-processor then needs to become as fast as it gets.
 */
final class Start implements SubCommand {

    private static final List<String> APPS = List.of("command-processor", "saga-manager");
    private static final List<String> CONTENDERS = List.of("boot-jar", "layers", "aot-cache");
    /** Those of the quick start. */
    private static final String JVM = "-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1";
    /** Free to optimize, as in the image. */
    private static final String WARM_JVM = "-Xmx512m";
    private static final List<String> WARM_CONTENDERS = List.of("layers", "aot-cache");
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final StartOptions options;

    Start(StartOptions options) {
        this.options = options;
    }

    private record Run(String app, int round, String contender, double seconds, double cpuSeconds) {}

    @Override
    public void run(Bench bench) throws Exception {
        Path home = bench.folder().resolve("image");
        var script = bench.home().resolve("bin/image").toString();
        for (String app : APPS) {
            bench.out().println("Taking the " + app + " apart, and training it");
            bench.call("layers-" + app, Map.of(), List.of(script, "layers", app, bench.jar(app).toString(),
                    home.resolve("layers").toString()));
            for (String layer : List.of("dependencies", "application")) {
                bench.call("copy-" + app, Map.of(), List.of("cp", "-a",
                        home.resolve("layers").resolve(layer).resolve(app).toString(), home.toString() + "/"));
            }
            bench.call("train-" + app, Map.of("HIVE_HOME", home.toString()),
                    List.of(script, "train", app, bench.samples().toString()));
        }
        var stack = new LocalStack(bench.broker(), bench.redis());
        List<Run> runs = new ArrayList<>();
        bench.out().printf("%-18s %-7s %-10s %10s %12s%n", "app", "round", "contender", "seconds", "CPU seconds");
        for (String app : APPS) {
            // makes the topics, which the first one would pay for
            start(bench, stack, home, script, app, "boot-jar", 0);
            for (int round = 1; round <= options.rounds(); round++) {
                for (String contender : CONTENDERS) {
                    Run run = start(bench, stack, home, script, app, contender, round);
                    runs.add(run);
                    print(bench, run);
                }
            }
        }
        Map<String, Object> figures = conclude(bench, runs);
        warmUp(bench, stack, home, script, figures);
        FiguresFile.write(options.json(), figures);
    }

    private static void print(Bench bench, Run run) {
        bench.out().printf("%-18s %-7s %-10s %10.2f %12.2f%n", run.app(),
                run.round() == 0 ? "median" : "" + run.round(),
                run.contender(), run.seconds(), run.cpuSeconds());
    }

    private static Run start(Bench bench, LocalStack stack, Path home, String script, String app, String contender,
            int round) {
        int port = Ports.free();
        long begun = System.nanoTime();
        Child process = launch(bench, stack, home, script, app, contender, port, JVM);
        process.awaitStart(PATIENCE, () -> BootApp.isReady("http://127.0.0.1:" + port));
        double seconds = (System.nanoTime() - begun) / 1e9;
        double cpu = Cpu.seconds(process);
        bench.end(process);
        return new Run(app, round, contender, seconds, cpu);
    }

    private static Child launch(Bench bench, LocalStack stack, Path home, String script, String app, String contender,
            int port, String jvm) {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("JAVA_TOOL_OPTIONS", jvm);
        environment.put("SERVER_ADDRESS", "127.0.0.1");
        environment.put("SERVER_PORT", "" + port);
        environment.put("HIVE_INSTANCE", app);
        environment.put("LOADER_PATH", bench.samples().toString());
        environment.put("SPRING_KAFKA_BOOTSTRAP_SERVERS", stack.broker().bootstrapServers());
        environment.put("SPRING_DATA_REDIS_URL", stack.redis().uri());
        environment.put("HIVE_HOME", home.toString());
        environment.put("HIVE_AOT", contender.equals("aot-cache") ? "on" : "off");
        environment.put("PROCESSOR_TYPE", app.equals("saga-manager") ? "stream_processor" : "producer");
        return bench.start(app, environment, contender.equals("boot-jar")
                ? Child.jvm("-jar", bench.jar(app).toString())
                : List.of(script, "run"));
    }

    private void warmUp(Bench bench, LocalStack stack, Path home, String script, Map<String, Object> figures)
            throws Exception {
        String app = APPS.getFirst();
        bench.out().printf("%nA %s that finds %,d commands%n%-7s %-10s %16s %16s %12s%n", app, options.commands(),
                "round", "contender", "first, seconds", "warm, seconds", "commands/s");
        List<WarmUp.Run> runs = new ArrayList<>();
        try (var warmUp = new WarmUp(bench, stack, options.commands())) {
            for (int round = 1; round <= options.rounds(); round++) {
                for (String contender : round % 2 == 1 ? WARM_CONTENDERS : WARM_CONTENDERS.reversed()) {
                    var run = warmUp.run(round, contender,
                            () -> launch(bench, stack, home, script, app, contender, Ports.free(), WARM_JVM));
                    runs.add(run);
                    print(bench, run);
                }
            }
        }
        Map<String, WarmUp.Run> medians = new LinkedHashMap<>();
        for (String contender : WARM_CONTENDERS) {
            List<WarmUp.Run> alike = runs.stream().filter(run -> run.contender().equals(contender)).toList();
            var median = new WarmUp.Run(0, contender,
                    Rounds.median(alike.stream().mapToDouble(WarmUp.Run::firstSeconds)),
                    Rounds.median(alike.stream().mapToDouble(WarmUp.Run::warmSeconds)),
                    Rounds.median(alike.stream().mapToDouble(WarmUp.Run::steady)));
            medians.put(contender, median);
            print(bench, median);
        }
        figures.put("warmUp", Map.of("commands", options.commands(), "runs", runs, "medians", medians));
    }

    private static void print(Bench bench, WarmUp.Run run) {
        bench.out().printf("%-7s %-10s %16.1f %16.1f %12.0f%n", run.round() == 0 ? "median" : "" + run.round(),
                run.contender(), run.firstSeconds(), run.warmSeconds(), run.steady());
    }

    private static Map<String, Object> conclude(Bench bench, List<Run> runs) {
        Map<String, Object> medians = new LinkedHashMap<>();
        Map<String, Object> ratios = new LinkedHashMap<>();
        for (String app : APPS) {
            Map<String, Run> ofApp = new LinkedHashMap<>();
            for (String contender : CONTENDERS) {
                List<Run> alike = runs.stream()
                        .filter(run -> run.app().equals(app) && run.contender().equals(contender)).toList();
                Run median = new Run(app, 0, contender, Rounds.median(alike.stream().mapToDouble(Run::seconds)),
                        Rounds.median(alike.stream().mapToDouble(Run::cpuSeconds)));
                ofApp.put(contender, median);
                print(bench, median);
            }
            medians.put(app, ofApp);
            double ratio = Objects.requireNonNull(ofApp.get("aot-cache")).seconds()
                    / Objects.requireNonNull(ofApp.get("boot-jar")).seconds();
            ratios.put(app.replace('-', '_') + "_aot_vs_boot_jar", ratio);
            bench.out().printf("%s: with the cache %.2f of the boot jar's time%n", app, ratio);
        }
        return new LinkedHashMap<>(Map.of("runs", runs, "medians", medians, "ratios", ratios));
    }
}
