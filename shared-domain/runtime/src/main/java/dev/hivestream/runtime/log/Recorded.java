package dev.hivestream.runtime.log;

import dev.hivestream.runtime.message.CommandIdentity;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Position;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** A record of the log with what the fold wants of its headers, which are gone through once: a rebuild reads millions. */
public final class Recorded {

    private static final byte[] NOTHING = {};

    private final ConsumerRecord<byte[], byte[]> record;
    private byte @Nullable [] type;
    private byte @Nullable [] sequence;
    private byte @Nullable [] dataVersion;
    private byte @Nullable [] causation;
    private byte @Nullable [] position;
    private byte @Nullable [] identity;
    private byte @Nullable [] saga;

    /** Goes through the headers. */
    public Recorded(ConsumerRecord<byte[], byte[]> record) {
        this.record = record;
        int wanted = Header.FOLDED.size();
        for (org.apache.kafka.common.header.Header header : record.headers()) {
            // a name is decoded when it is asked for: those that come after the last one wanted are not
            switch (header.key()) {
                case Header.TYPE -> type = first(type, header.value());
                case Header.SEQUENCE -> sequence = first(sequence, header.value());
                case Header.DATA_VERSION -> dataVersion = first(dataVersion, header.value());
                case Header.CAUSATION_ID -> causation = first(causation, header.value());
                case Header.COMMAND_POSITION -> position = first(position, header.value());
                case Header.COMMAND -> identity = first(identity, header.value());
                case Header.SAGA -> {
                    // of events of format 1 only, which lack the header before: all of their headers are gone through
                    saga = first(saga, header.value());
                    wanted++;
                }
                default -> wanted++;
            }
            if (--wanted == 0) {
                break;
            }
        }
    }

    private static byte @Nullable [] first(byte @Nullable [] before, byte @Nullable [] now) {
        return before == null ? now : before;
    }

    /** As it was read. */
    public ConsumerRecord<byte[], byte[]> record() {
        return record;
    }

    /** Its wire name, empty if it has none. */
    public String type() {
        return type == null ? "" : text(type);
    }

    /** Its value. */
    public byte @Nullable [] payload() {
        return record.value();
    }

    /** Its command. */
    CommandIdentity command() {
        CommandIdentity command = identity == null ? null : CommandIdentity.read(identity);
        return command != null ? command : CommandIdentity.legacy(causation == null ? NOTHING : causation, saga);
    }

    /** Its aggregate's version after it, or something else if the header does not say. */
    public long versionOr(long none) {
        long version = sequence == null ? -1 : Header.number(sequence, 0);
        return version < 0 ? none : version;
    }

    long version() throws Malformed {
        long version = versionOr(-1);
        if (version < 0) {
            throw new Malformed("its header " + Header.SEQUENCE + " is "
                    + (sequence == null ? "missing" : "'" + text(sequence) + "' and not a version"));
        }
        return version;
    }

    /**
     * The version of its payload.
     *
     * @throws Malformed if the header says something else
     */
    public int dataVersion() throws Malformed {
        long version = dataVersion == null ? 1 : Header.number(dataVersion, 0);
        if (version < 1 || version > Integer.MAX_VALUE) {
            throw new Malformed("its header " + Header.DATA_VERSION + " is '"
                    + text(dataVersion == null ? NOTHING : dataVersion) + "' and not the version of a payload");
        }
        return (int) version;
    }

    /** The highest command position after this event. One that cannot be read is passed over. */
    Position advance(Position before) {
        if (position == null) {
            return before;
        }
        String topic = before.topicId();
        int colon = topic.length();
        if (position.length > colon && position[colon] == ':' && starts(position, topic)) {
            long offset = Header.number(position, colon + 1);
            if (offset >= 0) {
                int epoch = commandEpoch();
                return before.reaches(topic, offset, epoch) ? before : new Position(topic, offset, epoch);
            }
        }
        try {
            return before.advance(Position.parse(text(position)).at(commandEpoch()));
        } catch (IllegalArgumentException e) {
            return before;
        }
    }

    /** The leader epoch of its command's record; {@link Position#UNKNOWN_EPOCH} if no header contains it. */
    int commandEpoch() {
        return identity == null ? Position.UNKNOWN_EPOCH : CommandIdentity.readEpoch(identity);
    }

    private static boolean starts(byte[] text, String with) {
        for (int i = 0; i < with.length(); i++) {
            if (text[i] != with.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static String text(byte[] value) {
        return new String(value, StandardCharsets.UTF_8);
    }
}
