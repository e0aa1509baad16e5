package dev.hivestream.sagamanager;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts the saga-manager. */
@SpringBootApplication
public class SagaManagerApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(SagaManagerApplication.class, arguments);
    }
}
