package dev.hivestream.local.benchmark;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Who decides commands. */
enum Contender {

    /** Records are copied in transactions: the limit. */
    LIMIT("limit", 1, 1, Map.of()),
    /** What the command-processor writes is written, but nothing decided. */
    UNDECIDED("undecided", 1, 1, Map.of()),
    /** Kafka Streams. */
    STREAMS("streams", 1, 1, Map.of()),
    /** The command-processor with a lock a partition. */
    PARTITION("partition", 1, 1, Map.of()),
    /** Two of them. */
    PARTITION_TWICE("partition-2", 1, 2, Map.of()),
    /** The command-processor with a lock an aggregate. */
    AGGREGATE("aggregate", 1, 1, Map.of("hive.lock.scope", "aggregate")),
    /** Two of them. */
    AGGREGATE_TWICE("aggregate-2", 1, 2, Map.of("hive.lock.scope", "aggregate")),
    /** The command-processor with a transaction a command. */
    SINGLE("single", 100, 1,
            Map.of("spring.cloud.stream.kafka.bindings.input.consumer.configuration.max.poll.records", "1"));

    private final String label;
    private final int share;
    private final int instances;
    private final Map<String, String> properties;

    Contender(String label, int share, int instances, Map<String, String> properties) {
        this.label = label;
        this.share = share;
        this.instances = instances;
        this.properties = properties;
    }

    /** Those with these names; all if none are named. */
    static List<Contender> named(Set<String> names) {
        names.stream().filter(name -> Arrays.stream(values()).noneMatch(known -> known.label.equals(name)))
                .findFirst().ifPresent(name -> {
                    throw new Failure("There is no contender '" + name + "'; there are "
                            + Arrays.stream(values()).map(Contender::label).toList());
                });
        return Arrays.stream(values()).filter(known -> names.isEmpty() || names.contains(known.label)).toList();
    }

    /** What it is called. */
    String label() {
        return label;
    }

    /** What part of the commands it gets, since it is so much slower: one of so many. */
    int share() {
        return share;
    }

    /** How many processes it consists of. */
    int instances() {
        return instances;
    }

    /** Whether it is the command-processor. */
    boolean isHive() {
        return this != LIMIT && this != UNDECIDED && this != STREAMS;
    }

    /** Properties of the app. */
    Map<String, String> properties() {
        return properties;
    }
}
