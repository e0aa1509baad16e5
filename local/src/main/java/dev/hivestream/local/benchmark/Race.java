package dev.hivestream.local.benchmark;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.Child;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** A contender gets through a topic full of commands, and what it made of them is looked at. */
final class Race {

    private static final String COPY = "copy";
    private static final String RESULTS = "results";
    /** Of small states. */
    static final int OWNER_BYTES = 8;

    /**
     * How it went.
     *
     * @param cost null of those that are no command-processor
     */
    record Result(Course course, @Nullable Cost cost) {}

    private final Bench bench;
    private final Arena arena;
    private final Contender contender;
    private final int round;
    private final CommandsOptions options;
    private final int ownerBytes;
    private final List<BootApp> apps = new ArrayList<>();

    /** With small states. */
    Race(Bench bench, Arena arena, Contender contender, int round, CommandsOptions options) {
        this(bench, arena, contender, round, options, OWNER_BYTES);
    }

    /** @param ownerBytes as in {@link CommandLog} */
    Race(Bench bench, Arena arena, Contender contender, int round, CommandsOptions options, int ownerBytes) {
        this.bench = bench;
        this.arena = arena;
        this.contender = contender;
        this.round = round;
        this.options = options;
        this.ownerBytes = ownerBytes;
    }

    /**
     * Runs.
     *
     * @throws Failure if there are other events than expected, or other snapshots
     */
    Result run() throws Exception {
        arena.clear();
        int commands = options.commands() / contender.share();
        var log = new CommandLog(servers(), commands, Math.min(options.accounts(), commands / 2), options.partitions(),
                ownerBytes, Commands.SEED);
        log.write();
        if (!contender.isHive()) {
            arena.create(COPY, options.partitions());
            arena.create(RESULTS, options.partitions());
        }
        var group = new Group(bench, arena.admin(), contender.isHive() ? Group.APP : name(), AccountLog.COMMANDS);
        var contenders = start();
        var processes = new ArrayList<>(contenders);
        processes.add(arena.stack().broker().process());
        processes.add(arena.stack().redis().process());
        Course course = Course.watch(bench, group, processes);
        Cost cost = contender.isHive() ? Cost.read(apps, arena.stack().redis(), commands) : null;
        contenders.forEach(bench::end);
        require(log);
        return new Result(course, cost);
    }

    // nobody has been a member of it before
    private String name() {
        return contender.label() + "-" + round;
    }

    private String servers() {
        return arena.stack().broker().bootstrapServers();
    }

    private List<Child> start() {
        var started = new ArrayList<Child>();
        for (int instance = 0; instance < contender.instances(); instance++) {
            started.add(switch (contender) {
                case LIMIT -> program(CopyInTransactions.class, AccountLog.COMMANDS, COPY);
                case UNDECIDED -> program(Undecided.class, AccountLog.COMMANDS, COPY, RESULTS,
                        "" + arena.stack().redis().port());
                case STREAMS -> program(StreamsAccounts.class, AccountLog.COMMANDS, COPY,
                        bench.folder().resolve(name()).toString());
                default -> app();
            });
        }
        return started;
    }

    private Child program(Class<?> main, String... arguments) {
        var program = Child.jvm();
        // the same as that of the apps
        program.addAll(bench.jvm("command-processor", options.heap()));
        program.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp", System.getProperty("java.class.path"), main.getName(), servers(), name()));
        program.addAll(List.of(arguments));
        return bench.program(contender.label(), program);
    }

    private Child app() {
        var properties = new HashMap<>(Map.of("hive.aggregates", "account", "hive.partitions",
                "" + options.partitions()));
        properties.putAll(contender.properties());
        var app = bench.app("command-processor", arena.stack(), options.heap(), properties);
        apps.add(app);
        return app.process();
    }

    private void require(CommandLog log) throws Exception {
        long events = count(contender.isHive() ? AccountLog.EVENTS : COPY);
        if (events != log.commands()) {
            throw new Failure("The result is wrong: " + contender.label() + " made " + events + " events of "
                    + log.commands() + " commands");
        }
        if (contender.isHive()) {
            new Balances(arena.stack().redis().port(), log).require();
        }
    }

    private long count(String topic) {
        try (var records = new CommittedRecords(bench, servers(), List.of(topic))) {
            var count = new LongAdder();
            records.toEnd(() -> count.add(records.poll().count()));
            return count.sum();
        }
    }
}
