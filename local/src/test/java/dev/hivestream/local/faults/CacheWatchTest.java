package dev.hivestream.local.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheWatchTest {

    @TempDir
    Path directory;

    RedisServer redis;
    CacheWatch watch;

    @BeforeEach
    void start() {
        redis = RedisServer.start(directory, Ports.free());
        redis.call("HSET", "hive:2:{account:1}:active", "abc", "g1-abc");
        watch = new CacheWatch(redis::port, List.of("account"), 2);
    }

    @AfterEach
    void close() {
        watch.close();
        redis.close();
    }

    private void checkpoint(long next) {
        redis.call("SET", "hive:2:{account:1}:g1-abc:checkpoint", "{\"next\":" + next + ",\"nonce\":\"n\"}");
        watch.look();
    }

    @Test
    void nothing_is_wrong_with_a_checkpoint_that_goes_on() {
        watch.look();
        checkpoint(3);
        checkpoint(3);
        checkpoint(7);
        assertThat(watch.takeFaults()).isEmpty();
    }

    @Test
    void one_that_goes_back_is_told_once() {
        checkpoint(7);
        checkpoint(3);
        checkpoint(8);
        assertThat(watch.takeFaults())
                .containsExactly("hive:2:{account:1}:g1-abc:checkpoint went back from 7 to 3");
        assertThat(watch.takeFaults()).isEmpty();
    }

    @Test
    void one_that_is_gone_may_begin_anew() {
        checkpoint(7);
        redis.call("DEL", "hive:2:{account:1}:g1-abc:checkpoint");
        watch.look();
        checkpoint(3);
        assertThat(watch.takeFaults()).isEmpty();
    }

    @Test
    void what_a_redis_does_that_is_set_back_does_not_count() {
        checkpoint(7);
        watch.rest();
        checkpoint(2);
        watch.wake();
        checkpoint(3);
        assertThat(watch.takeFaults()).isEmpty();
    }

    @Test
    void a_redis_that_is_started_anew_is_asked_again() {
        checkpoint(7);
        redis.stop();
        watch.look();
        redis.start();
        checkpoint(8);
        checkpoint(5);
        assertThat(watch.takeFaults()).hasSize(1);
    }

    @Test
    void that_nothing_could_be_looked_at_is_told() {
        redis.stop();
        watch.look();
        assertThat(watch.takeFaults()).containsExactly("None of 1 looks at Redis was answered");
    }
}
