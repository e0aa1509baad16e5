package dev.hivestream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class DomainFaultTest {

    @Test
    void an_object_that_is_too_large_is_a_fault_of_the_domain() {
        assertThatThrownBy(() -> "ab".repeat(2_000_000_000)).isInstanceOfSatisfying(OutOfMemoryError.class,
                error -> assertThat(DomainFault.of(error)).isSameAs(error));
        for (Throwable thrown : List.of(new StackOverflowError(), new OutOfMemoryError(), new AssertionError(),
                new NoClassDefFoundError(), new IOException())) {
            assertThat(DomainFault.of(thrown)).isSameAs(thrown);
        }
    }

    @Test
    void a_jvm_that_cannot_go_on_is_none() {
        for (Error error : List.of(new OutOfMemoryError("Java heap space"),
                new OutOfMemoryError("unable to create native thread: possibly out of memory"), new InternalError())) {
            assertThatThrownBy(() -> DomainFault.of(error)).isSameAs(error);
        }
    }
}
