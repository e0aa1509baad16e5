package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hivestream.local.CacheKeys;
import dev.hivestream.local.RedisConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Writes for each command what the command-processor writes, without deciding anything: in a transaction an event and a
 * result, both always the same and with as many headers, and after it snapshots of a usual length with a checkpoint, a
 * script a partition. Two consumers, as there. Its rate is what no command-processor can reach. A program of its own,
 * without end.
 */
final class Undecided implements CopyInTransactions.Copies {

    private static final int CONSUMERS = 2;
    private static final String GENERATION = "g1-6e392c308c85";
    /** Of an account with a dozen commands. */
    private static final byte[] SNAPSHOT = AccountRecords.filler(400).getBytes(UTF_8);
    private static final byte[] RESULT = AccountRecords.filler(140).getBytes(UTF_8);
    private static final byte[] WRITE = """
            for first = 2, #KEYS, 1000 do
                local pairs = {}
                for i = first, math.min(#KEYS, first + 999) do
                    pairs[#pairs + 1] = KEYS[i]
                    pairs[#pairs + 1] = ARGV[i]
                end
                redis.call('MSET', unpack(pairs))
            end
            redis.call('SET', KEYS[1], ARGV[1])
            """.getBytes(UTF_8);

    private final RedisConnection redis;
    private final String events;
    private final String results;
    private final Header[] headers;

    private Undecided(RedisConnection redis, String events, String results) {
        this.redis = redis;
        this.events = events;
        this.results = results;
        this.headers = new AccountRecords(events, "HFEYrF7mQ9y0TWVZ3-oxsA").event(0, "account-12345", 12,
                "7c9e6679-7425-40de-944b-e07fc1f90ae7", 123_456).headers().toArray();
    }

    /** Takes the bootstrap servers, the group, the topics of commands, events and results, and the port of Redis. */
    public static void main(String[] arguments) {
        for (int consumer = 0; consumer < CONSUMERS; consumer++) {
            String transactionalId = arguments[1] + "-" + consumer;
            Thread.ofPlatform().start(() -> consume(arguments, transactionalId));
        }
    }

    private static void consume(String[] arguments, String transactionalId) {
        try (var redis = new RedisConnection(Integer.parseInt(arguments[5]))) {
            CopyInTransactions.run(arguments[0], arguments[1], transactionalId, arguments[2],
                    new Undecided(redis, arguments[3], arguments[4]));
        } catch (IOException | RuntimeException e) {
            // the other one alone would be measured, and be slower
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }

    @Override
    public List<ProducerRecord<byte[], byte[]>> of(ConsumerRecord<byte[], byte[]> command) {
        return List.of(record(events, command, command.value()), record(results, command, RESULT));
    }

    private ProducerRecord<byte[], byte[]> record(String topic, ConsumerRecord<byte[], byte[]> command, byte[] value) {
        return new ProducerRecord<>(topic, command.partition(), null, command.key(), value, new RecordHeaders(headers));
    }

    @Override
    public void committed(ConsumerRecords<byte[], byte[]> commands) {
        for (TopicPartition partition : commands.partitions()) {
            Set<String> accounts = new HashSet<>();
            for (ConsumerRecord<byte[], byte[]> command : commands.records(partition)) {
                accounts.add(CacheKeys.snapshot("account", partition.partition(), GENERATION,
                        new String(command.key(), UTF_8)));
            }
            List<byte[]> words = new ArrayList<>(2 * accounts.size() + 5);
            words.add("EVAL".getBytes(UTF_8));
            words.add(WRITE);
            words.add(Integer.toString(accounts.size() + 1).getBytes(UTF_8));
            words.add(CacheKeys.checkpoint("account", partition.partition(), GENERATION).getBytes(UTF_8));
            accounts.forEach(key -> words.add(key.getBytes(UTF_8)));
            words.add(Long.toString(commands.records(partition).getLast().offset() + 1).getBytes(UTF_8));
            words.addAll(Collections.nCopies(accounts.size(), SNAPSHOT));
            redis.call(words);
        }
    }
}
