package dev.hivestream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class QuickstartOptionsTest {

    @Test
    void has_the_usual_ports_if_nothing_is_said() {
        assertThat(parse(Map.of())).isEqualTo(new QuickstartOptions(8080, 8082, 9092, 6379, null, false, false));
    }

    @Test
    void takes_the_command_line_before_the_environment() {
        assertThat(parse(Map.of("HIVE_HTTP_PORT", "1", "HIVE_KAFKA_PORT", "2", "HIVE_DATA", "a"), "--http-port", "3",
                "--redis-port", "4", "--data", "b", "--fresh"))
                .isEqualTo(new QuickstartOptions(3, 8082, 2, 4, Path.of("b"), true, false));
    }

    @Test
    void has_free_ports_for_a_check() {
        var options = parse(Map.of(), "--check", "--http-port", "8080");
        assertThat(options.httpPort()).isEqualTo(8080);
        assertThat(options.kafkaPort()).isNotEqualTo(9092).matches(Ports::isFree);
        assertThat(options.redisPort()).isNotEqualTo(6379).matches(Ports::isFree);
    }

    @Test
    void says_what_it_does_not_understand() {
        assertThatThrownBy(() -> parse(Map.of(), "--http-port", "http"))
                .hasMessage("--http-port is 'http'; a port is a number from 1 to 65535");
        assertThatThrownBy(() -> parse(Map.of("HIVE_REDIS_PORT", "70000")))
                .hasMessage("HIVE_REDIS_PORT is '70000'; a port is a number from 1 to 65535");
        assertThatThrownBy(() -> parse(Map.of(), "--kafka-port")).hasMessage("--kafka-port wants a value");
        assertThatThrownBy(() -> parse(Map.of(), "--verbose")).hasMessage("Unknown option --verbose, see --help");
    }

    private static QuickstartOptions parse(Map<String, String> environment, String... arguments) {
        return QuickstartOptions.parse(arguments, environment);
    }
}
