package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.LocalStack;
import org.junit.jupiter.api.Test;

class OneCommandTest {

    @Test
    void a_command_goes_in_and_its_event_comes_out() throws Exception {
        try (Processor processor = Processor.start(LocalStack.shared())) {
            var created = processor.post("/v1/content/first/create", "{\"text\":\"hello\"}");
            System.out.println(created.statusCode() + " " + created.headers().map() + " " + created.body());
            assertThat(created.statusCode()).isEqualTo(200);
            var state = processor.get("/v1/content/first");
            System.out.println(state.statusCode() + " " + state.headers().map() + " " + state.body());
            assertThat(state.body()).isEqualTo("{\"text\":\"hello\",\"enabled\":false}");
            long t = System.nanoTime();
            for (int i = 0; i < 500; i++) {
                processor.post("/v1/content/x" + i + "/create", "{\"text\":\"hello\"}");
            }
            System.out.println("500 in " + (System.nanoTime() - t) / 1e6 + " ms");
            System.out.println(processor.post("/v1/content/first/create", "{\"text\":\"hello\"}").body());
            System.out.println(processor.post("/v1/content/first/enable", "{}", "If-Match", "\"4\"").body());
            System.out.println(processor.post("/v1/content/first/enable", "{\"x\":1}", "If-Match", "\"4\"").body());
        }
    }
}
