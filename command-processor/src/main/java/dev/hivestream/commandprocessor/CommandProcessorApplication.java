package dev.hivestream.commandprocessor;

import dev.hivestream.runtime.DomainPath;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts the command-processor. */
@SpringBootApplication
public class CommandProcessorApplication {

    public static void main(String[] arguments) {
        DomainPath.use();
        SpringApplication.run(CommandProcessorApplication.class, arguments);
    }
}
