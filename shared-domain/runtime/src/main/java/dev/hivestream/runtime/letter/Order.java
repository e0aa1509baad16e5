package dev.hivestream.runtime.letter;

import dev.hivestream.runtime.Limit;
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
        requireValid(limit);
    }

    /** @throws Refused if a limit is invalid */
    static void requireValid(int limit) {
        String problem = Limit.problem(limit);
        if (problem != null) {
            throw new Refused(Refused.Why.WRONG, problem);
        }
    }
}
