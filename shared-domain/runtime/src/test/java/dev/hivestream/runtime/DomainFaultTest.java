package dev.hivestream.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.runtime.domain.DomainThreads;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class DomainFaultTest {

    @Test
    void a_fault_has_the_text_the_stack_trace_and_the_causes_of_what_was_thrown() {
        IOException thrown = new IOException("no disk", new IllegalStateException("broken"));
        RuntimeException fault = DomainFault.of(thrown);
        assertThat(fault).hasToString(thrown.toString()).isNotSameAs(thrown);
        assertThat(fault.getStackTrace()).isEqualTo(thrown.getStackTrace());
        assertThat(fault.getCause()).hasToString("java.lang.IllegalStateException: broken").hasNoCause();
        assertThat(DomainFault.of(fault)).isSameAs(fault);
    }

    @Test
    void errors_are_faults_of_the_domain_too() {
        assertThatThrownBy(() -> "ab".repeat(2_000_000_000)).isInstanceOfSatisfying(OutOfMemoryError.class,
                error -> assertThat(DomainFault.of(error)).hasToString(error.toString()));
        for (Throwable thrown : List.of(new StackOverflowError(), new OutOfMemoryError(), new AssertionError(),
                new NoClassDefFoundError(), new InternalError("none"), new UnknownError(), new VirtualMachineError() {
                    private static final long serialVersionUID = 1L;
                })) {
            assertThat(DomainFault.of(thrown)).hasToString(thrown.toString());
        }
    }

    @Test
    void a_jvm_without_memory_is_none() {
        for (Error error : List.of(new OutOfMemoryError("Java heap space"),
                new OutOfMemoryError("unable to create native thread: possibly out of memory"))) {
            assertThatThrownBy(() -> DomainFault.of(error)).isSameAs(error);
        }
    }

    @Test
    void no_method_of_what_was_thrown_can_fail_the_runtime() {
        RuntimeException fault = DomainFault.of(new Hostile());
        assertThat(fault).hasToString(Hostile.class.getName()).hasNoCause();
        assertThat(fault.getStackTrace()).isEmpty();
        assertThat(DomainFault.of(new Mute())).hasToString(Mute.class.getName());
        assertThat(DomainFault.of(new IllegalStateException("x".repeat(1_000_000))).toString())
                .hasSizeLessThan(5_000);
    }

    @Test
    void causes_are_bounded() {
        RuntimeException deep = new IllegalStateException();
        for (int i = 0; i < 20_000; i++) {
            deep = new IllegalStateException("deep", deep);
        }
        assertThat(count(DomainFault.of(deep))).isEqualTo(16);
        RuntimeException ring = new IllegalStateException("ring");
        ring.initCause(new IllegalArgumentException(ring));
        assertThat(count(DomainFault.of(ring))).isEqualTo(2);
    }

    @Test
    void a_text_that_never_ends_exceeds_the_deadline_of_domain_code() {
        try (DomainThreads threads = new DomainThreads(Duration.ofMillis(200), reason -> {})) {
            assertThat(threads.run(() -> (Object) DomainFault.of(new Endless()), () -> {}))
                    .hasToString(Endless.class.getName());
        }
    }

    private static int count(Throwable thrown) {
        int count = 0;
        for (Throwable one = thrown; one != null; one = one.getCause()) {
            count++;
        }
        return count;
    }

    private static final class Hostile extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        public String getMessage() {
            throw new IllegalStateException("no message");
        }

        @Override
        public Throwable getCause() {
            throw new StackOverflowError();
        }

        @Override
        public StackTraceElement[] getStackTrace() {
            throw new AssertionError("no trace");
        }
    }

    private static final class Mute extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        public String toString() {
            return null;
        }

        @Override
        public StackTraceElement[] getStackTrace() {
            return new StackTraceElement[]{null};
        }
    }

    private static final class Endless extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        public String toString() {
            try {
                Thread.sleep(Duration.ofSeconds(5));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return "at last";
        }
    }
}
