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
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Runs the cache-rebuilder in this JVM as its command line would, and looks at what it left in Redis. */
final class Rebuilder {

    private static final int REMEMBERED = 256;
    private static final Pattern BLOCKS = Pattern
            .compile("(?:,\"commands\":\"([^\"]*)\")?,\"blocks\":\\[(\\d+),\\d+]}$");

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

    /** The snapshots of a generation: id to stored form, with all commands in the snapshot. */
    Map<String, String> snapshots(String generation) {
        Map<String, String> snapshots = new HashMap<>();
        try (var redis = new RedisConnection(stack.redis().port())) {
            for (Object key : (List<?>) redis.call("KEYS", "hive:2:{account:*}:" + generation + ":s:*")) {
                String name = key.toString();
                var parts = Objects.requireNonNull(CacheKeys.parse(name), name);
                snapshots.put(parts.id(), withoutBlock(redis, name));
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return snapshots;
    }

    private static String withoutBlock(RedisConnection redis, String key) {
        String snapshot = String.valueOf(redis.call("GET", key));
        Matcher blocks = BLOCKS.matcher(snapshot);
        if (!blocks.find()) {
            return snapshot;
        }
        // as hexadecimal digits: a block is bytes, and this client reads texts
        Object hex = redis.call("EVAL",
                "return (string.gsub(redis.call('GET', KEYS[1]), '.', function(c) return string.format('%02x', string.byte(c)) end))",
                "1", key.replace(":s:", ":c:"));
        byte[] block = HexFormat.of().parseHex(String.valueOf(hex));
        assertThat(block).hasSize(28 * Integer.parseInt(blocks.group(2)));
        byte[] commands = blocks.group(1) == null ? new byte[0] : Base64.getUrlDecoder().decode(blocks.group(1));
        byte[] all = Arrays.copyOf(block, block.length + commands.length);
        System.arraycopy(commands, 0, all, block.length, commands.length);
        byte[] newest = Arrays.copyOfRange(all, Math.max(0, all.length - 28 * REMEMBERED), all.length);
        return snapshot.substring(0, blocks.start()) + ",\"commands\":\""
                + Base64.getUrlEncoder().withoutPadding().encodeToString(newest) + "\"}";
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
