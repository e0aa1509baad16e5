package dev.hivestream.cacherebuilder;

import dev.hivestream.cacherebuilder.CommandLine.Misunderstood;
import dev.hivestream.runtime.DomainPath;
import java.io.PrintStream;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;

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
        String[] properties;
        try {
            properties = CommandLine.properties(arguments);
        } catch (Misunderstood e) {
            err.println("cache-rebuilder: " + e.getMessage());
            return Outcome.MISUNDERSTOOD;
        }
        SpringApplication application = new SpringApplication(CacheRebuilderApplication.class);
        application.addInitializers(
                context -> context.getBeanFactory().registerSingleton("console", new Console(out, err)));
        try (ConfigurableApplicationContext context = application.run(properties)) {
            return context.getBean(Job.class).run();
        }
    }
}
