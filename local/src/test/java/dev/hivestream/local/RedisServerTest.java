package dev.hivestream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedisServerTest {

    @TempDir
    Path directory;

    RedisServer redis;

    @BeforeEach
    void start() {
        redis = RedisServer.start(directory, Ports.free());
        redis.call("SET", "colour", "grün");
    }

    @AfterEach
    void close() {
        redis.close();
    }

    @Test
    void keeps_its_data_through_a_stop_and_loses_them_in_a_kill() {
        redis.stop();
        redis.start();
        assertThat(redis.call("GET", "colour")).isEqualTo("grün");

        redis.call("SET", "colour", "blau");
        redis.kill();
        redis.start();
        assertThat(redis.call("GET", "colour")).isEqualTo("grün");
    }

    @Test
    void starts_empty_when_asked_to() {
        redis.stop();
        redis.startEmpty();
        assertThat(redis.call("DBSIZE")).isEqualTo(0L);
    }

    @Test
    void goes_back_to_an_earlier_state() {
        var copy = directory.resolve("copy.rdb");
        redis.snapshotTo(copy);
        redis.call("SET", "colour", "blau");
        redis.call("SET", "shape", "round");
        redis.restoreFrom(copy);
        assertThat(redis.call("MGET", "colour", "shape"))
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.LIST)
                .containsExactly("grün", null);
    }

    @Test
    void survives_a_kill_with_an_append_only_file() {
        try (var durable = RedisServer.start(directory.resolve("durable"), Ports.free(), "--appendonly", "yes",
                "--appendfsync", "always")) {
            durable.call("SET", "colour", "rot");
            durable.kill();
            durable.start();
            assertThat(durable.call("GET", "colour")).isEqualTo("rot");
            durable.startEmpty();
            assertThat(durable.call("DBSIZE")).isEqualTo(0L);
        }
    }

    @Test
    void answers_with_numbers_lists_and_errors() {
        assertThat(redis.call("HSET", "h", "a", "1", "b", "2")).isEqualTo(2L);
        assertThat(redis.call("HVALS", "h")).isEqualTo(List.of("1", "2"));
        assertThat(redis.call("GET", "nothing")).isNull();
        assertThatThrownBy(() -> redis.call("GET", "h")).isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("Redis: WRONGTYPE");
    }

    @Test
    void is_a_version_that_has_what_the_apps_are_run_on() {
        assertThat(String.valueOf(redis.call("INFO", "server"))).contains("redis_version:7.");
    }

    @Test
    void has_an_executable_for_every_supported_machine() {
        for (String system : List.of("Linux", "Mac OS X")) {
            for (String machine : List.of("amd64", "aarch64", "x86_64")) {
                assertThat(redis.embedded.RedisServer.class.getResource("/" + RedisServer.resource(system, machine)))
                        .isNotNull();
            }
        }
    }
}
