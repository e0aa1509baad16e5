package dev.hivestream.runtime.message;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.springframework.kafka.support.KafkaHeaderMapper;
import org.springframework.messaging.MessageHeaders;

/** Record headers as the bytes that they are: nothing from outside is deserialized, nothing is wrapped. Thread-safe. */
public final class RawHeaders implements KafkaHeaderMapper {

    /**
     * A message header whose value is a map: record headers from outside that are sent on as they are. In a message of
     * their own they would steer it, for some of their names may be Spring's.
     */
    public static final String SENT_ON = "hive.sent-on";
    private static final List<String> FOLDED = dev.hivestream.runtime.message.Header.FOLDED;

    @Override
    public void fromHeaders(MessageHeaders headers, Headers target) {
        List<Header> own = new ArrayList<>();
        headers.forEach((name, value) -> {
            if (value instanceof byte[] bytes && isRecordHeader(name)) {
                own.add(new RecordHeader(name, bytes));
            }
        });
        write(headers.get(SENT_ON) instanceof Map<?, ?> sentOn ? sentOn : Map.of(), own, target);
    }

    /**
     * Writes the headers of a record, what a fold needs first of its own.
     *
     * @param sentOn those of another record; its own take their place
     */
    static void write(Map<?, ?> sentOn, List<Header> own, Headers target) {
        sentOn.forEach((name, value) -> {
            if (value instanceof byte[] bytes && !isAmong(own, name)) {
                target.add(name.toString(), bytes);
            }
        });
        for (String name : FOLDED) {
            for (Header header : own) {
                if (header.key().equals(name)) {
                    target.add(header);
                }
            }
        }
        for (Header header : own) {
            if (!FOLDED.contains(header.key())) {
                target.add(header);
            }
        }
    }

    private static boolean isAmong(List<Header> own, Object name) {
        for (Header header : own) {
            if (header.key().equals(name)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isRecordHeader(String name) {
        return !name.startsWith("kafka_");
    }

    @Override
    public void toHeaders(Headers source, Map<String, Object> target) {
        for (Header header : source) {
            if (header.value() != null) {
                target.put(header.key(), header.value());
            }
        }
    }
}
