package dev.hivestream.cacherebuilder;

import dev.hivestream.cacherebuilder.CommandLine.Misunderstood;
import dev.hivestream.model.Domains;
import dev.hivestream.runtime.DomainPath;
import dev.hivestream.runtime.StartRefused;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.util.StringUtils;

/** Starts the cache-rebuilder; see {@link CommandLine#USAGE} for what it can do. */
@SpringBootApplication
public class CacheRebuilderApplication {

    private static final Logger LOG = LoggerFactory.getLogger(CacheRebuilderApplication.class);
    private static final Duration LONGEST_CLOSE = Duration.ofSeconds(30);
    /** Closes the application of the last job. */
    private static volatile Thread closing = Thread.ofPlatform().unstarted(() -> {});

    public static void main(String[] arguments) {
        DomainPath.use();
        int code = run(System.out, System.err, arguments);
        if (closing.isAlive()) {
            // an orderly exit would wait for the same lock
            Runtime.getRuntime().halt(code);
        }
        System.exit(code);
    }

    /**
     * Runs the command that the arguments name, until it has finished or the JVM shuts down.
     *
     * @return the exit code
     */
    static int run(PrintStream out, PrintStream err, String... arguments) {
        if (List.of(arguments).contains("--help")) {
            out.print(CommandLine.USAGE);
            return 0;
        }
        Console console = new Console(out, err);
        boolean json = CommandLine.isJson(arguments);
        String[] properties;
        try {
            properties = CommandLine.properties(arguments);
            requireNames(properties);
        } catch (Misunderstood e) {
            console.failed(json, CommandLine.command(arguments), Outcome.MISUNDERSTOOD, String.valueOf(e.getMessage()));
            return Outcome.MISUNDERSTOOD;
        }
        SpringApplication application = new SpringApplication(CacheRebuilderApplication.class);
        application.addInitializers(context -> context.getBeanFactory().registerSingleton("console", console));
        try {
            ConfigurableApplicationContext context = application.run(properties);
            try {
                return context.getBean(Job.class).run();
            } finally {
                close(context);
            }
        } catch (RuntimeException e) {
            // the start failed, and Spring Boot has reported the reason on stderr
            if (!json) {
                throw e;
            }
            console.failedJson(CommandLine.command(arguments), Outcome.FAILED, reason(e));
            return Outcome.FAILED;
        }
    }

    /** What {@code --aggregates} and {@code --sagas} name is looked for before Spring starts, and reports it at length. */
    private static void requireNames(String... properties) {
        Domains domains;
        try {
            domains = Domains.load(Thread.currentThread().getContextClassLoader());
        } catch (IllegalStateException e) {
            LOG.debug("The start will be refused for the same reason", e);
            return;
        }
        try {
            var _ = domains.select(names("--hive.aggregates=", properties));
            var _ = domains.selectSagas(names("--hive.sagas=", properties));
        } catch (IllegalArgumentException e) {
            throw new Misunderstood(String.valueOf(e.getMessage()));
        }
        requireSubject(domains, CommandLine.subject(properties));
    }

    private static void requireSubject(Domains domains, @Nullable String name) {
        Set<String> known = new TreeSet<>();
        domains.aggregates().forEach(aggregate -> known.add(aggregate.name()));
        domains.sagas().forEach(saga -> known.add(saga.name()));
        if (name != null && !known.contains(name)) {
            throw new Misunderstood("Unknown aggregate or saga '" + name + "'; known: " + String.join(", ", known));
        }
    }

    /** A placeholder is replaced by Spring later. */
    private static List<String> names(String option, String... properties) {
        return Arrays.stream(properties).filter(one -> one.startsWith(option) && !one.contains("${"))
                .flatMap(one -> Arrays
                        .stream(StringUtils.commaDelimitedListToStringArray(one.substring(option.length()))))
                .map(String::strip).filter(name -> !name.isEmpty()).toList();
    }

    /**
     * The binder's metrics request offsets a second after the start. A job that ends at that moment can deadlock: the metrics
     * are stopped while they wait for a bean that is being stopped (Spring Cloud Stream 5.0.2).
     */
    private static void close(ConfigurableApplicationContext context) {
        closing = Thread.ofPlatform().daemon().name("close").start(context::close);
        try {
            if (!closing.join(LONGEST_CLOSE)) {
                LOG.warn(
                        "The job has finished, but the application did not stop within {} s; ending the process anyway",
                        LONGEST_CLOSE.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String reason(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof StartRefused refused) {
                return refused.line();
            }
            if (cause instanceof BindException bind && bind.getProperty() != null) {
                return bind.getProperty().getName() + " is '" + bind.getProperty().getValue() + "': "
                        + NestedExceptionUtils.getMostSpecificCause(bind).getMessage();
            }
        }
        Throwable root = NestedExceptionUtils.getMostSpecificCause(failure);
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }
}
