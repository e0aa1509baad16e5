package dev.hivestream.runtime.log;

import java.util.Arrays;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The versions of one aggregate in the order in which one pass over the log reads them. A pass that begins at a checkpoint may
 * read versions that the snapshot has already, since snapshots can be ahead of their checkpoint: they are consecutive, and the
 * last one is the snapshot's. If the versions that are read do not get there, the log has them before the checkpoint, too, and
 * those that were read are repeats. Not thread-safe.
 */
final class VersionOrder {

    private static final long[] NONE = {};
    private static final int FIRST_CAPACITY = 4;

    private long read;
    /** Where the versions were read that the snapshot has, up to {@link #read}, until the snapshot's version is read. */
    private long[] again = NONE;
    private int count;

    /** The highest version that was read; 0 if none was. */
    long read() {
        return read;
    }

    /** This version was read before. */
    void resume(long version) {
        read = Math.max(read, version);
    }

    /**
     * The next version of the aggregate was read.
     *
     * @param stored the version of the snapshot
     * @param isKeptOut whether the snapshot does not follow the log any more
     * @param found is given the violations, in the order in which they are in the log
     */
    void next(ConsumerRecord<byte[], byte[]> event, String id, long version, long stored, boolean isKeptOut,
            Consumer<VersionViolation> found) {
        if (isKeptOut) {
            check(event, id, version, read == 0 ? version - 1 : read, found);
        } else if (version > stored) {
            repeated(event, id, stored, found);
            check(event, id, version, stored, found);
        } else if (version <= read) {
            check(event, id, version, read, found);
        } else {
            if (read > 0 && version > read + 1) {
                repeated(event, id, version - 1, found);
            }
            readAgain(event.offset());
            if (version == stored) {
                count = 0;
            }
        }
        read = Math.max(read, version);
    }

    private static void check(ConsumerRecord<byte[], byte[]> event, String id, long version, long after,
            Consumer<VersionViolation> found) {
        VersionViolation violation = VersionViolation.of(event, id, version, after);
        if (violation != null) {
            found.accept(violation);
        }
    }

    private void readAgain(long offset) {
        if (count == again.length) {
            again = Arrays.copyOf(again, Math.max(FIRST_CAPACITY, 2 * count));
        }
        again[count++] = offset;
    }

    private void repeated(ConsumerRecord<byte[], byte[]> event, String id, long after,
            Consumer<VersionViolation> found) {
        for (int i = 0; i < count; i++) {
            found.accept(new VersionViolation(VersionViolation.Kind.REPEATED, event.topic(), event.partition(),
                    again[i], id, read - count + 1 + i, after));
        }
        count = 0;
        again = NONE;
    }
}
