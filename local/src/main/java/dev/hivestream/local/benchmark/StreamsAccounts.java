package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

/**
 * Accounts as somebody would write them with Kafka Streams: the state in RocksDB with its change log, the events to a topic,
 * exactly once. It decides as the sample's decider does; it does not remember commands, and answers nobody. A program of
 * its own, without end.
 */
final class StreamsAccounts {

    private static final String STORE = "accounts";

    private StreamsAccounts() {}

    /** Takes the bootstrap servers, the application's id, the topic of the commands, that of the events and a folder. */
    public static void main(String[] arguments) throws InterruptedException {
        var settings = new Properties();
        settings.putAll(Map.of("application.id", arguments[1], "bootstrap.servers", arguments[0], "state.dir",
                Path.of(arguments[4]).toString(), "processing.guarantee", "exactly_once_v2", "num.stream.threads", 2,
                "replication.factor", 1, "statestore.cache.max.bytes", 64 * 1024 * 1024));
        // as the apps are set up: large batches, an early look at the markers of the last transaction
        settings.putAll(Map.of("consumer.max.poll.records", 5_000, "consumer.max.partition.fetch.bytes",
                4 * 1024 * 1024, "consumer.auto.offset.reset", "earliest", "producer.linger.ms", 5,
                "producer.batch.size", 128 * 1024, "producer.retry.backoff.ms", 3, "buffered.records.per.partition",
                5_000));
        var topology = new Topology();
        topology.addSource("commands", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), arguments[2])
                .addProcessor("decide", Decide::new, "commands")
                .addStateStore(
                        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(STORE), Serdes.String(),
                                Serdes.ByteArray()).withCachingEnabled(),
                        "decide")
                .addSink("events", arguments[3], Serdes.String().serializer(), Serdes.ByteArray().serializer(),
                        "decide");
        var streams = new KafkaStreams(topology, settings);
        streams.start();
        new CountDownLatch(1).await();
    }

    private record Open(String owner) {}

    private record Deposit(long amount, @Nullable String memo) {}

    private record Account(long version, String owner, long balance) {}

    private static final class Decide implements Processor<String, byte[], String, byte[]> {

        private static final ObjectReader OPEN = JsonMapper.shared().readerFor(Open.class);
        private static final ObjectReader DEPOSIT = JsonMapper.shared().readerFor(Deposit.class);
        private static final ObjectReader ACCOUNT = JsonMapper.shared().readerFor(Account.class);
        private static final ObjectWriter WRITER = JsonMapper.shared().writer();

        private @Nullable ProcessorContext<String, byte[]> context;
        private @Nullable KeyValueStore<String, byte[]> accounts;

        @Override
        public void init(ProcessorContext<String, byte[]> given) {
            context = given;
            accounts = given.getStateStore(STORE);
        }

        @Override
        @SuppressWarnings("NullAway")
        public void process(Record<String, byte[]> command) {
            byte[] stored = accounts.get(command.key());
            Account account = stored == null ? null : ACCOUNT.<Account>readValue(stored);
            String type = new String(command.headers().lastHeader("ce_type").value(), UTF_8);
            switch (type) {
                case "account.open" -> {
                    Open open = OPEN.readValue(command.value());
                    if (account == null) {
                        accepted(command, "account.opened", new Account(1, open.owner(), 0), open);
                    }
                }
                case "account.deposit" -> {
                    Deposit deposit = DEPOSIT.readValue(command.value());
                    if (account != null && deposit.amount() > 0
                            && deposit.amount() <= Long.MAX_VALUE - account.balance()) {
                        accepted(command, "account.deposited", new Account(account.version() + 1, account.owner(),
                                account.balance() + deposit.amount()), deposit);
                    }
                }
                default -> throw new IllegalStateException("'" + type + "' is no command");
            }
        }

        @SuppressWarnings("NullAway")
        private void accepted(Record<String, byte[]> command, String type, Account account, Object event) {
            accounts.put(command.key(), WRITER.writeValueAsBytes(account));
            Headers headers = new RecordHeaders()
                    .add("ce_id", (command.key() + ":" + account.version()).getBytes(UTF_8))
                    .add("ce_type", type.getBytes(UTF_8))
                    .add("ce_sequence", Long.toString(account.version()).getBytes(UTF_8))
                    .add("ce_causationid", command.headers().lastHeader("ce_id").value());
            context.forward(new Record<>(command.key(), WRITER.writeValueAsBytes(event), command.timestamp(), headers));
        }
    }
}
