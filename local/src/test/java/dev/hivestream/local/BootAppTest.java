package dev.hivestream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BootAppTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    @Test
    void is_ready_when_its_readiness_is_up_and_can_be_started_again() throws IOException {
        try (var app = new BootApp("fake", FakeApp.jar(directory.resolve("fake.jar")), Ports.free(), directory)) {
            app.property("greeting", "hello").environment("GREETED", "world").jvmOptions("-Xmx32m").start();
            app.awaitReady(PATIENCE);
            assertThat(app.isReady()).isTrue();
            assertThat(app.process().log()).contains("greeting hello world");

            app.kill();
            assertThat(app.isReady()).isFalse();
            app.start().awaitReady(PATIENCE);
            assertThat(app.stop(PATIENCE)).isEqualTo(143);
        }
    }

    @Test
    void fails_with_the_end_of_its_log_when_it_ends_instead_of_becoming_ready() throws IOException {
        try (var app = new BootApp("fake", FakeApp.jar(directory.resolve("fake.jar")), Ports.free(), directory)) {
            app.property("broken", "true").start();
            assertThatThrownBy(() -> app.awaitReady(PATIENCE)).isInstanceOf(StartFailure.class)
                    .hasMessageContaining("fake ended with exit code 1").hasMessageContaining("no such topic");
        }
    }
}
