package dev.hivestream.runtime.message;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
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
        if (headers.get(SENT_ON) instanceof Map<?, ?> sentOn) {
            sentOn.forEach((name, value) -> {
                if (value instanceof byte[] bytes && !isRecordHeader(name.toString(), headers.get(name))) {
                    target.add(name.toString(), bytes);
                }
            });
        }
        for (String name : FOLDED) {
            if (headers.get(name) instanceof byte[] bytes) {
                target.add(name, bytes);
            }
        }
        headers.forEach((name, value) -> {
            if (value instanceof byte[] bytes && isRecordHeader(name, value)
                    && !FOLDED.contains(name)) {
                target.add(name, bytes);
            }
        });
    }

    private static boolean isRecordHeader(String name, @Nullable Object value) {
        return value instanceof byte[] && !name.startsWith("kafka_");
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
