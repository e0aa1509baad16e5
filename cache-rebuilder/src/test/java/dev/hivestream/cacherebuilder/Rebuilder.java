package dev.hivestream.cacherebuilder;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.CacheKeys;
import dev.hivestream.local.LocalStack;
import dev.hivestream.local.RedisConnection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Runs the cache-rebuilder in this JVM as its command line would, and looks at what it left in Redis. */
final class Rebuilder {

    private final LocalStack stack;
    private final int partitions;
    private final List<String> always;

    Rebuilder(LocalStack stack, int partitions, String... always) {
        this.stack = stack;
        this.partitions = partitions;
        this.always = List.of(always);
    }

    /** What a run gave. */
    record Ran(int code, String out, String err) {

        JsonNode json() {
            return JsonMapper.shared().readTree(out);
        }

        Ran andCode(int expected) {
            assertThat(code).as(out + err).isEqualTo(expected);
            return this;
        }

        String generation() {
            return json().path("aggregates").path(0).path("generation").asString();
        }
    }

    /** Of the aggregate {@code account}. */
    Ran run(String... arguments) {
        var all = new ArrayList<>(List.of(arguments));
        all.addAll(always);
        all.addAll(List.of("--aggregates", "account", "--partitions", "" + partitions, "--brokers",
                stack.broker().bootstrapServers(), "--redis", stack.redis().uri()));
        return runPlain(all.toArray(String[]::new));
    }

    static Ran runPlain(String... arguments) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        int code = CacheRebuilderApplication.run(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8),
                arguments);
        return new Ran(code, out.toString(UTF_8), err.toString(UTF_8));
    }

    /** The snapshots of a generation: id to stored form. */
    Map<String, String> snapshots(String generation) {
        Map<String, String> snapshots = new HashMap<>();
        try (var redis = new RedisConnection(stack.redis().port())) {
            for (Object key : (List<?>) redis.call("KEYS", "hive:2:{account:*}:" + generation + ":s:*")) {
                var parts = Objects.requireNonNull(CacheKeys.parse(key.toString()), key.toString());
                snapshots.put(parts.id(), String.valueOf(redis.call("GET", key.toString())));
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return snapshots;
    }

    String redis(String... words) {
        try (var redis = new RedisConnection(stack.redis().port())) {
            return String.valueOf(redis.call(words));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    String key(int partition, String generation, String id) {
        return CacheKeys.snapshot("account", partition, generation, id);
    }

    String checkpointKey(int partition, String generation) {
        return CacheKeys.checkpoint("account", partition, generation);
    }

    /** Makes a generation the one that readers use, as owners do. */
    void activate(String generation) {
        String fingerprint = generation.substring(generation.lastIndexOf('-') + 1);
        redis("HSET", CacheKeys.wanted("account"), fingerprint, generation);
        for (int partition = 0; partition < partitions; partition++) {
            redis("HSET", CacheKeys.active("account", partition), fingerprint, generation);
        }
    }

    /** That a generation is what the log says, key by key. */
    void assertIs(String generation, Map<String, AccountLog.Expected> expected) {
        Map<String, String> snapshots = snapshots(generation);
        Map<String, String> wanted = new HashMap<>();
        expected.forEach((id, account) -> wanted.put(id, account.snapshot()));
        assertThat(snapshots).hasSameSizeAs(wanted);
        wanted.forEach((id, snapshot) -> assertThat(snapshots.get(id)).as(id).isEqualTo(snapshot));
    }
}
