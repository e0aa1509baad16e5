package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/** Events of accounts as records: payloads of 300 bytes, and the headers that the command-processor gives its events. */
final class AccountRecords {

    static final int PAYLOAD_BYTES = 300;
    private static final String FILLER = "Lorem ipsum dolor sit amet, consectetur adipiscing elit. ";

    private static final Header SPEC_VERSION = header("ce_specversion", "1.0");
    private static final Header CONTENT_TYPE = header("content-type", "application/json");
    private static final Header SOURCE = header("ce_source", "/hive/account");
    private static final Header DATA_VERSION = header("ce_dataversion", "1");
    private static final Header OPENED = header("ce_type", "account.opened");
    private static final Header DEPOSITED = header("ce_type", "account.deposited");

    private final String topic;
    private final String commandsTopicId;

    AccountRecords(String topic, String commandsTopicId) {
        this.topic = topic;
        this.commandsTopicId = commandsTopicId;
    }

    /**
     * The event that brings an account to a version: the first opens it, the others put in as much as the version says.
     *
     * @param command the id of its command
     * @param offset of its command
     */
    ProducerRecord<byte[], byte[]> event(int partition, String id, int version, String command, long offset) {
        byte[] key = id.getBytes(UTF_8);
        var headers = List.of(version == 1 ? OPENED : DEPOSITED, header("ce_sequence", Integer.toString(version)),
                DATA_VERSION, header("ce_causationid", command),
                header("ce_commandposition", commandsTopicId + ":" + offset), SPEC_VERSION, CONTENT_TYPE,
                header("ce_correlationid", command), header("ce_id", id + ":" + version), SOURCE,
                new RecordHeader("ce_subject", key), header("ce_time", Instant.now().toString()));
        return new ProducerRecord<>(topic, partition, key, payload(version), headers);
    }

    /** What an account has at a version. */
    static long balance(int version) {
        return (long) version * (version + 1) / 2 - 1;
    }

    /** A deposit as JSON: the command and its event look alike. */
    static String deposit(int amount) {
        return padded("{\"amount\":" + amount);
    }

    private static byte[] payload(int version) {
        return (version == 1 ? padded("{\"owner\":\"an owner\"") : deposit(version)).getBytes(UTF_8);
    }

    private static String padded(String begin) {
        String head = begin + ",\"memo\":\"";
        return head + filler(PAYLOAD_BYTES - head.length() - 2) + "\"}";
    }

    /** Text of so many characters. */
    static String filler(int length) {
        return FILLER.repeat(length / FILLER.length() + 1).substring(0, length);
    }

    private static Header header(String name, String value) {
        return new RecordHeader(name, value.getBytes(UTF_8));
    }
}
