package dev.hivestream.commandprocessor;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts the command-processor. */
@SpringBootApplication
public class CommandProcessorApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(CommandProcessorApplication.class, arguments);
    }
}
