package dev.hivestream.local.benchmark;

import dev.hivestream.local.StartFailure;
import dev.hivestream.local.Watchdog;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Measures the apps. What {@code bin/benchmark} starts. */
public final class Benchmark {

    private Benchmark() {}

    /**
     * Takes a sub-command and its options. The system properties {@code hive.home} and {@code hive.samples} are the
     * project's directory and the jar of the samples. Ends with 0, with 1 if something failed or gave a wrong result, with
     * 2 if the options cannot be understood.
     */
    public static void main(String[] arguments) {
        var out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        SubCommand subCommand;
        try {
            subCommand = parse(List.of(arguments));
        } catch (StartFailure e) {
            System.err.println("benchmark: " + e.getMessage());
            System.exit(2);
            return;
        }
        Watchdog.endWithScript();
        System.exit(run(subCommand, out));
    }

    private static SubCommand parse(List<String> arguments) {
        if (arguments.isEmpty()) {
            throw new StartFailure("What is to be measured? See --help");
        }
        var options = arguments.subList(1, arguments.size());
        return switch (arguments.getFirst()) {
            case "commands" -> new Commands(CommandsOptions.parse(options));
            case "rebuild" -> new Rebuild(RebuildOptions.parse(options));
            case "start" -> new Start(StartOptions.parse(options));
            case "http" -> new Http(HttpOptions.parse(options));
            case "recover" -> new Recover(RecoverOptions.parse(options));
            case "growth" -> new Growth(GrowthOptions.parse(options));
            case "all" -> new All(AllOptions.parse(options));
            case "saga" -> new Saga(SagaOptions.parse(options));
            default -> throw new StartFailure("Unknown sub-command " + arguments.getFirst() + ", see --help");
        };
    }

    private static int run(SubCommand subCommand, PrintStream out) {
        var home = Path.of(System.getProperty("hive.home", ".")).toAbsolutePath().normalize();
        var bench = new Bench(home, out);
        Watchdog.beforeKilling(bench::close);
        try {
            subCommand.run(bench);
            return 0;
        } catch (StartFailure | Failure e) {
            if (!bench.isClosed()) {
                System.err.println("benchmark: " + e.getMessage());
            }
            return 1;
        } catch (Exception e) {
            if (!bench.isClosed()) {
                e.printStackTrace();
            }
            return 1;
        } finally {
            bench.close();
        }
    }
}
