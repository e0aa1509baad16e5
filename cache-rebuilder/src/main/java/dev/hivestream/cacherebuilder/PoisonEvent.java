package dev.hivestream.cacherebuilder;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/** An event that cannot be folded, which ends the rebuild. */
final class PoisonEvent extends RuntimeException {

    private static final long serialVersionUID = 1L;

    PoisonEvent(ConsumerRecord<byte[], byte[]> event, String id, String reason) {
        super(reason + ". Its aggregate is '" + id + "', in topic " + event.topic() + ", partition "
                + event.partition() + ", offset " + event.offset()
                + ". Mend the domain so that it can be read, or keep the aggregate out with --on-poison=park", null,
                false,
                false);
    }
}
