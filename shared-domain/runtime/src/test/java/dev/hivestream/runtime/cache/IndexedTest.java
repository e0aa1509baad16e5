package dev.hivestream.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What is written where a snapshot is found otherwise than before. */
class IndexedTest {

    private static final Indexed ACTIVE = new Indexed("active", "a", 1L);
    private static final Indexed DUE = new Indexed("deadlines", "late:a", 5L);

    @Test
    void only_what_differs_is_written() {
        Indexed later = new Indexed("active", "a", 2L);
        Indexed parked = new Indexed("parked", "a", 2L);
        Indexed none = new Indexed("waiting", "a", null);

        assertThat(Indexed.changes(List.of(ACTIVE, DUE, none), List.of(none, DUE, ACTIVE))).isEmpty();
        assertThat(Indexed.changes(List.of(ACTIVE, DUE), List.of(later, DUE))).containsExactly(later);
        assertThat(Indexed.changes(List.of(ACTIVE, DUE), List.of(new Indexed("active", "a", null), parked)))
                .containsExactly(parked, new Indexed("active", "a", null), new Indexed("deadlines", "late:a", null));
        assertThat(Indexed.changes(List.of(), List.of(none, ACTIVE))).containsExactly(ACTIVE);
    }
}
