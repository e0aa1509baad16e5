package dev.hivestream.runtime.access;

import dev.hivestream.runtime.StartRefused;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * How request bodies are admitted.
 *
 * @param memory Memory for all request bodies that are being received or published, at least 4 times hive.max-message; an eighth of the heap, or that minimum if it is more, if it is not set. Further requests are answered 429 before their body is read.
 * @param timeout How long a request body may take to arrive before the request is answered 408.
 */
@ConfigurationProperties("hive.http.body")
public record BodyProperties(@Nullable DataSize memory, @DefaultValue("10s") Duration timeout) {

    private static final int SHARE_OF_HEAP = 8;

    public BodyProperties {
        if (timeout.toMillis() < 1) {
            throw new StartRefused("hive.http.body.timeout is " + timeout + "; set it to 1 ms or more");
        }
    }

    /** The memory for all bodies, in bytes. */
    long bytes(long longest) {
        long least = RequestBodies.LARGE_SHARE * longest;
        if (memory != null && memory.toBytes() < least) {
            throw new StartRefused("hive.http.body.memory is " + memory.toBytes() + " bytes; set it to "
                    + least + " or more, which is " + RequestBodies.LARGE_SHARE + " times hive.max-message");
        }
        return memory != null ? memory.toBytes() : Math.max(least, Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP);
    }
}
