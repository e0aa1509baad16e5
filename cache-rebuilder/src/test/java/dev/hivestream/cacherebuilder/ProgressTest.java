package dev.hivestream.cacherebuilder;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.runtime.message.Slot;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class ProgressTest {

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Progress progress = new Progress(meters);

    @Test
    void it_is_told_in_positions_and_events() {
        progress.begin("rebuild");
        progress.reach(new Slot("account", 0), 100, 300);
        progress.reach(new Slot("account", 1), 0, 200);
        progress.advanced(new Slot("account", 0), 90, 200);

        Progress.Now now = progress.now();
        assertThat(now.percent()).isEqualTo(25);
        assertThat(now.events()).isEqualTo(90);
        assertThat(now.behind()).isEqualTo(300);
        assertThat(meters.get("hive.rebuild.events").counter().count()).isEqualTo(90);
        assertThat(meters.get("hive.rebuild.progress").gauge().value()).isEqualTo(0.25);
        assertThat(meters.get("hive.rebuild.lag").gauge().value()).isEqualTo(300);
    }

    @Test
    void nothing_to_do_is_done() {
        progress.begin("follow");
        assertThat(progress.now().percent()).isEqualTo(100);
        assertThat(progress.now().secondsLeft()).isNull();
    }

    @Test
    void the_bar_shows_what_is_done_what_is_left_and_what_is_waited_for() {
        assertThat(ProgressReport.bar(new Progress.Now("rebuild", 1_234, 600, 50, 100, 6L, null)))
                .isEqualTo("[###############...............] rebuild: 50.0 %, 1,234 events, 100/s, 6 s left");
        assertThat(ProgressReport.line(new Progress.Now("rebuild", 0, 600, 0, 0, 7_384L, null)))
                .endsWith("2:03:04 left");
        assertThat(ProgressReport.line(new Progress.Now("rebuild", 0, 600, 0, 0, null, "Redis does not answer")))
                .endsWith("waits: Redis does not answer");
    }

    @Test
    void on_a_terminal_the_bar_is_drawn_over_itself_and_gone_at_the_end() {
        var err = new ByteArrayOutputStream();
        progress.begin("rebuild");
        try (var report = new ProgressReport(progress, new Console(System.out, new PrintStream(err, true, UTF_8)),
                Duration.ofHours(1), true)) {
            Awaitility.await().until(() -> err.toString(UTF_8).contains("\r[####"));
        }
        assertThat(err.toString(UTF_8)).endsWith("\r\u001b[K");
    }
}
