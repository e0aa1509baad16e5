package dev.hivestream.sagamanager;

import dev.hivestream.runtime.DomainPath;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Starts the saga-manager. */
@SpringBootApplication
public class SagaManagerApplication {

    public static void main(String[] arguments) {
        DomainPath.use();
        SpringApplication.run(SagaManagerApplication.class, arguments);
    }
}
