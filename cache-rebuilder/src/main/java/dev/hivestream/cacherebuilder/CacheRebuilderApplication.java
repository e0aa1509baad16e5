package dev.hivestream.cacherebuilder;

import dev.hivestream.cacherebuilder.CommandLine.Misunderstood;
import dev.hivestream.runtime.DomainPath;
import dev.hivestream.runtime.StartRefused;
import java.io.PrintStream;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.NestedExceptionUtils;

/** Starts the cache-rebuilder; see {@link CommandLine#USAGE} for what it can do. */
@SpringBootApplication
public class CacheRebuilderApplication {

    public static void main(String[] arguments) {
        DomainPath.use();
        System.exit(run(System.out, System.err, arguments));
    }

    /**
     * Does what the arguments say, until it is done or the JVM is told to end.
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
        } catch (Misunderstood e) {
            console.failed(json, CommandLine.command(arguments), Outcome.MISUNDERSTOOD, String.valueOf(e.getMessage()));
            return Outcome.MISUNDERSTOOD;
        }
        SpringApplication application = new SpringApplication(CacheRebuilderApplication.class);
        application.addInitializers(context -> context.getBeanFactory().registerSingleton("console", console));
        try (ConfigurableApplicationContext context = application.run(properties)) {
            return context.getBean(Job.class).run();
        } catch (RuntimeException e) {
            // it did not start, and Spring Boot has said why on stderr
            if (!json) {
                throw e;
            }
            console.failedJson(CommandLine.command(arguments), Outcome.FAILED, reason(e));
            return Outcome.FAILED;
        }
    }

    private static String reason(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof StartRefused refused) {
                return refused.line();
            }
        }
        Throwable root = NestedExceptionUtils.getMostSpecificCause(failure);
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }
}
