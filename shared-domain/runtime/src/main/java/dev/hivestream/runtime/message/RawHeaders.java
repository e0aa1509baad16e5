package dev.hivestream.runtime.message;

import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.springframework.kafka.support.KafkaHeaderMapper;
import org.springframework.messaging.MessageHeaders;

/** Record headers as the bytes that they are: nothing from outside is deserialized, nothing is wrapped. Thread-safe. */
public final class RawHeaders implements KafkaHeaderMapper {

    @Override
    public void fromHeaders(MessageHeaders headers, Headers target) {
        headers.forEach((name, value) -> {
            if (value instanceof byte[] bytes && !name.startsWith("kafka_")) {
                target.add(name, bytes);
            }
        });
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
