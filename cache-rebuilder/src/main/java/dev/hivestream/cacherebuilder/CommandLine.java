package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.Limit;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Keys;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.unit.DataSize;

/** The command line, as properties. An option with a dot in its name is a property of Spring's and passed on as it is. */
final class CommandLine {

    static final String USAGE = """
            Usage: cache-rebuilder [COMMAND] [OPTIONS]

            Commands
              rebuild                   builds a generation of the cache from the log (the default)
              activate GENERATION       brings an earlier generation up to date and changes over to it
              verify                    compares the active cache with the log
              dry-run                   folds the log with the domain on the class path and writes nothing
              show AGGREGATE ID         prints the history of an aggregate, or of a saga's instance, event by event
              generations               lists the generations
              remove GENERATION         removes a generation that nobody uses
              remove-old-format         removes the keys of the previous version from Redis (format 1)
              letters AGGREGATE         lists the dead letters of an aggregate's commands that are open
              letter AGGREGATE PLACE    shows one, and what was done about it
              resend AGGREGATE          sends dead letters again, each once, those of an aggregate in their order
              discard AGGREGATE         does away with dead letters

            Options of rebuild and activate
              --activate                owners and readers change over once it is built, compared and in step
              --keep N                  removes older generations after that, except N
              --no-verify               does not compare it with the log before that
              --until WHEN              builds the cache as of then, for looking at: a time (2026-01-31T12:00:00Z),
                                        an offset, or one for each partition (0=1200,1=900)
              --generation NAME         builds this one
              --restart                 does not go on with a rebuild that was begun and not ended
              --follow                  keeps the cache in step with the log until it is stopped
              --replica                 on this Redis no command-processor works: activates without one
              --rate N                  folds at most N events a second
              --on-poison stop|park     an event that cannot be folded: ends the rebuild, or keeps its aggregate out

            Options of other commands
              --repair                  verify mends what it finds
              --generation NAME         verify looks at this one
              --at WHEN                 show goes up to a version or a time
              --dry-run                 remove-old-format prints what it would remove and removes nothing

            Options of letters, resend and discard
              --letter PLACE            this one: partition/offset
              --id ID                   those of this aggregate
              --all                     every one
              --limit N                 at most N, oldest first (1000)
              --force                   resend does not wait for older ones of the same aggregate
              --why TEXT                for those who read it later; discard wants it
              --by NAME                 who wants it (the user of the operating system)

            Options of all commands
              --aggregates A,B          instead of all on the class path
              --sagas A,B               these sagas, from their histories; without --aggregates, nothing else
              --partitions N            that the topics have (8)
              --brokers HOST:PORT       of Kafka (localhost:9092)
              --redis URL               redis://host:6379, rediss:// with TLS (redis://localhost:6379); pass a URL with a
                                        password in the environment variable SPRING_DATA_REDIS_URL
              --json                    prints the outcome as JSON
              --name.of.property=VALUE  any property of Spring Boot's or of docs/configuration.md

            Exit codes: 0 done; 1 failed or refused; 2 invalid command line; 3 differences or version violations were
            found; 4 an event cannot be folded; 143 stopped by SIGTERM. With --json a failure is JSON, too.
            """;

    private static final Map<String, String> VALUES = Map.ofEntries(Map.entry("keep", "hive.rebuild.keep"),
            Map.entry("until", "hive.rebuild.until"), Map.entry("generation", "hive.rebuild.generation"),
            Map.entry("rate", "hive.rebuild.rate"), Map.entry("on-poison", "hive.rebuild.on-poison"),
            Map.entry("at", "hive.rebuild.at"), Map.entry("aggregates", "hive.aggregates"),
            Map.entry("sagas", "hive.sagas"), Map.entry("letter", "hive.rebuild.letters.letter"),
            Map.entry("id", "hive.rebuild.letters.id"), Map.entry("limit", "hive.rebuild.letters.limit"),
            Map.entry("why", "hive.rebuild.letters.why"), Map.entry("by", "hive.rebuild.letters.by"),
            Map.entry("partitions", "hive.partitions"), Map.entry("brokers", "spring.kafka.bootstrap-servers"),
            Map.entry("redis", "spring.data.redis.url"));
    private static final Map<String, String> FLAGS = Map.ofEntries(Map.entry("all", "hive.rebuild.letters.all=true"),
            Map.entry("force", "hive.rebuild.letters.force=true"), Map.entry("activate", "hive.rebuild.activate=true"),
            Map.entry("no-verify", "hive.rebuild.verify-first=false"),
            Map.entry("restart", "hive.rebuild.restart=true"), Map.entry("follow", "hive.rebuild.follow=true"),
            Map.entry("replica", "hive.rebuild.replica=true"), Map.entry("repair", "hive.rebuild.repair=true"),
            Map.entry("dry-run", "hive.rebuild.dry-run=true"), Map.entry("json", "hive.rebuild.json=true"));
    private static final Map<String, List<String>> COMMANDS = Map.ofEntries(Map.entry("rebuild", List.of()),
            Map.entry("activate", List.of("a generation")), Map.entry("verify", List.of()),
            Map.entry("dry-run", List.of()), Map.entry("show", List.of("an aggregate", "an id")),
            Map.entry("generations", List.of()), Map.entry("remove", List.of("a generation")),
            Map.entry("remove-old-format", List.of()),
            Map.entry("letters", List.of("an aggregate")),
            Map.entry("letter", List.of("an aggregate", "a place, partition/offset,")),
            Map.entry("resend", List.of("an aggregate")), Map.entry("discard", List.of("an aggregate")));
    private static final Set<String> WITHOUT_SERVER = Set.of("verify", "dry-run", "show", "generations", "remove",
            "remove-old-format", "letters", "letter", "resend", "discard");

    /** Commands whose first argument names an aggregate or a saga. */
    private static final Set<String> OF_ONE = Set.of("show", "letters", "letter", "resend", "discard");
    private static final Pattern TOO_HIGH = Pattern.compile("g\\d{10,}-.*");

    /** What a value must be, by property. */
    private static final Map<String, Form> FORMS = Map.ofEntries(
            Map.entry("hive.rebuild.keep", Form.number(0, Integer.MAX_VALUE)),
            Map.entry("hive.rebuild.rate", Form.number(0, Long.MAX_VALUE)),
            Map.entry("hive.rebuild.threads", Form.number(0, Integer.MAX_VALUE)),
            Map.entry("hive.rebuild.letters.limit", Form.number(1, Limit.LARGEST)),
            Map.entry("hive.partitions", Form.number(1, 10_000)),
            Map.entry("hive.rebuild.report", Form.duration(Duration.ofMillis(1))),
            Map.entry("hive.rebuild.second-look", Form.duration(Duration.ZERO)),
            Map.entry("hive.rebuild.patience", Form.duration(Duration.ZERO)),
            Map.entry("hive.rebuild.until",
                    new Form("a time with its zone (2026-01-31T12:00:00Z), an offset, or one for "
                            + "each partition (0=1200,1=900)", value -> {
                                var _ = When.parse("until", value);
                                return true;
                            })),
            Map.entry("hive.rebuild.at", new Form("a version or a time with its zone (2026-01-31T12:00:00Z)",
                    value -> When.parse("at", value).offsets().isEmpty())),
            Map.entry("hive.rebuild.generation",
                    new Form("up to 100 letters, digits, dots and hyphens; a number after g has at most nine digits",
                            value -> Keys.isGeneration(value) && !TOO_HIGH.matcher(value).matches())),
            Map.entry("hive.rebuild.memory", new Form("a size above 0, such as 512MB",
                    value -> DataSize.parse(value).toBytes() > 0)),
            Map.entry("hive.rebuild.on-poison", new Form("stop or park",
                    value -> value.equalsIgnoreCase("stop") || value.equalsIgnoreCase("park"))));

    private CommandLine() {}

    /**
     * What an option takes.
     *
     * @param what for people
     * @param matches false, or an exception, for anything else
     */
    private record Form(String what, Predicate<String> matches) {

        private static Form number(long least, long most) {
            return new Form("a whole number from " + least + " to " + most, value -> {
                long number = Long.parseLong(value);
                return number >= least && number <= most;
            });
        }

        private static Form duration(Duration least) {
            return new Form("a duration" + (least.isZero() ? "" : " above 0") + ", such as 500ms or 10s",
                    value -> DurationStyle.detectAndParse(value).compareTo(least) >= 0);
        }

        private boolean isOf(String value) {
            try {
                return matches.test(value.strip());
            } catch (StartRefused | IllegalArgumentException | ArithmeticException e) {
                return false;
            }
        }
    }

    /** The command line cannot be understood. */
    static final class Misunderstood extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Misunderstood(String message) {
            super(message, null, false, false);
        }
    }

    /** Whether JSON is requested, even if the rest of the command line is invalid. */
    static boolean isJson(String... arguments) {
        return Arrays.stream(arguments).anyMatch(argument -> argument.equals("--json") || argument.startsWith("--json=")
                || argument.equals("--hive.rebuild.json=true"));
    }

    /** The first argument that names a command; null if there is none. */
    static @Nullable String command(String... arguments) {
        return Arrays.stream(arguments).filter(COMMANDS::containsKey).findFirst().orElse(null);
    }

    /**
     * As arguments of a Spring Boot application.
     *
     * @throws Misunderstood with what is wrong
     */
    static String[] properties(String... arguments) {
        List<String> properties = new ArrayList<>();
        List<String> words = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            if (!argument.startsWith("--")) {
                words.add(argument);
                continue;
            }
            int equals = argument.indexOf('=');
            String name = argument.substring(2, equals < 0 ? argument.length() : equals);
            if (name.contains(".") || name.equals("debug") || name.equals("trace")) {
                if (equals < 0 && name.contains(".")) {
                    throw new Misunderstood("--" + name + " wants a value: --" + name + "=VALUE");
                }
                requireForm(name, name, argument.substring(equals + 1));
                properties.add(argument);
            } else if (FLAGS.containsKey(name) && equals < 0) {
                properties.add("--" + FLAGS.get(name));
            } else if (VALUES.containsKey(name)) {
                if (equals < 0 && i + 1 == arguments.length) {
                    throw new Misunderstood("--" + name + " wants a value");
                }
                String value = equals < 0 ? arguments[++i] : argument.substring(equals + 1);
                requireForm(name, VALUES.get(name), value);
                properties.add("--" + VALUES.get(name) + "=" + value);
            } else {
                throw new Misunderstood(FLAGS.containsKey(name)
                        ? "--" + name + " takes no value"
                        : "Unknown option --" + name + ", see --help");
            }
        }
        if (!words.isEmpty()) {
            command(words, properties);
        }
        return properties.toArray(String[]::new);
    }

    /** The name of the aggregate or the saga that the command is about; null if it is about none or several. */
    static @Nullable String subject(String... properties) {
        List<String> all = List.of(properties);
        String first = "--hive.rebuild.arguments[0]=";
        return OF_ONE.stream().noneMatch(command -> all.contains("--hive.rebuild.command=" + command))
                ? null
                : all.stream().filter(one -> one.startsWith(first)).map(one -> one.substring(first.length()))
                        .findFirst().orElse(null);
    }

    private static void requireForm(String option, String property, String value) {
        // Spring replaces a placeholder later
        String problem = value.contains("${") ? null : problem(option, property, value);
        if (problem != null) {
            throw new Misunderstood(problem);
        }
    }

    /** Why a property does not take a value, wherever it comes from; null if it does. */
    static @Nullable String problem(String option, String property, String value) {
        Form form = FORMS.get(property);
        return form == null || form.isOf(value) ? null : "--" + option + " is '" + value + "'; it takes " + form.what();
    }

    private static void command(List<String> words, List<String> properties) {
        String command = words.getFirst();
        List<String> wanted = COMMANDS.get(command);
        if (wanted == null) {
            throw new Misunderstood("Unknown command '" + command + "', see --help");
        }
        List<String> arguments = words.subList(1, words.size());
        if (arguments.size() != wanted.size()) {
            throw new Misunderstood("'" + command + "' wants "
                    + (wanted.isEmpty() ? "nothing" : String.join(" and ", wanted)) + " behind it, and "
                    + (arguments.isEmpty() ? "nothing is there" : arguments + " is there"));
        }
        if (command.equals("activate")) {
            requireForm("generation", "hive.rebuild.generation", arguments.getFirst());
            properties.add("--hive.rebuild.command=activate");
            properties.add("--hive.rebuild.generation=" + arguments.getFirst());
            return;
        }
        properties.add("--hive.rebuild.command=" + command);
        for (int i = 0; i < arguments.size(); i++) {
            properties.add("--hive.rebuild.arguments[" + i + "]=" + arguments.get(i));
        }
        if (WITHOUT_SERVER.contains(command)) {
            properties.add("--spring.main.web-application-type=none");
        }
    }
}
