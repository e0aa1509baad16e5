package dev.hivestream.runtime;

import dev.hivestream.model.Domains;
import java.util.function.Function;

/** The domains on the class path. */
public final class LoadedDomains {

    private LoadedDomains() {}

    /**
     * Chooses something of them.
     *
     * @param choice may throw {@link IllegalArgumentException} for a name that is unknown
     * @throws StartRefused if there is no domain, or not what was asked for
     */
    public static <T> T choose(Function<Domains, T> choice) {
        try {
            return choice.apply(Domains.load(Thread.currentThread().getContextClassLoader()));
        } catch (IllegalStateException | IllegalArgumentException e) {
            throw new StartRefused(String.valueOf(e.getMessage()));
        }
    }
}
