package dev.hivestream.runtime.letter;

import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a person wants done, and with which letters: one of {@code letter}, {@code id} and {@code all}.
 *
 * @param letter this one
 * @param id those of this aggregate, or saga instance
 * @param all every one
 * @param limit how many at most, oldest first
 * @param force without regard to older letters of the same aggregate
 * @param by who wants it
 * @param reason why, for those who read it later
 */
public record Order(@Nullable Place letter, @Nullable String id, boolean all, int limit, boolean force, String by,
        @Nullable String reason) {

    /** How many are taken unless somebody says otherwise. */
    public static final int LIMIT = 1_000;

    public Order {
        if (Stream.of(letter != null, id != null, all).filter(chosen -> chosen).count() != 1) {
            throw new Refused(Refused.Why.WRONG,
                    "Say which letters: one of letter (partition/offset), id (of the aggregate) and all");
        }
        if (limit < 1) {
            throw new Refused(Refused.Why.WRONG, "The limit is " + limit + "; it must be 1 or more");
        }
    }
}
