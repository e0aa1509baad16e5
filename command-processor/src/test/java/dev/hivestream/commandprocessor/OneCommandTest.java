package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.LocalStack;
import org.junit.jupiter.api.Test;

class OneCommandTest {

    @Test
    void a_command_goes_in_and_its_event_comes_out() throws Exception {
        try (Processor processor = Processor.start(LocalStack.shared())) {
            var created = processor.post("/v1/content/first/create", "{\"text\":\"hello\"}");
            assertThat(created.statusCode()).isEqualTo(200);
            assertThat(created.headers().firstValue("ETag")).contains("\"1\"");
            assertThat(processor.get("/v1/content/first").body()).isEqualTo("{\"text\":\"hello\",\"enabled\":false}");
        }
    }
}
