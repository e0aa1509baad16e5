package dev.hivestream.runtime.access;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.runtime.StartRefused;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.http.HttpStatus;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.util.unit.DataSize;

class RequestBodiesTest {

    private static final int LONGEST = 100_000;
    private static final int MEMORY = 4 * LONGEST;
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final RequestBodies bodies = new RequestBodies(MEMORY, LONGEST, TIMEOUT);

    @Test
    void a_body_is_read_whether_its_length_is_told_or_not_and_given_back() {
        for (int length : new int[]{0, 1, 8_191, 8_192, 8_193, 50_000, LONGEST - 1, LONGEST}) {
            for (boolean isTold : new boolean[]{true, false}) {
                try (RequestBodies.Body body = bodies.read(new Sent(length, isTold ? length : -1))) {
                    assertThat(body.bytes()).asString(UTF_8).isEqualTo("x".repeat(length));
                    assertThat(bodies.taken()).isBetween((long) length, 2L * LONGEST);
                }
                assertThat(bodies.taken()).isZero();
            }
        }
    }

    @Test
    void a_body_that_says_that_it_is_too_long_is_not_read() {
        Sent sent = new Sent(LONGEST + 1, LONGEST + 1);
        refused(sent, HttpStatus.CONTENT_TOO_LARGE, "too-large");
        refused(new Sent(0, Long.MAX_VALUE), HttpStatus.CONTENT_TOO_LARGE, "too-large");
        assertThat(sent.given).isZero();
    }

    @Test
    void one_without_a_length_is_counted_while_it_is_read() {
        Sent sent = new Sent(Integer.MAX_VALUE, -1);
        refused(sent, HttpStatus.CONTENT_TOO_LARGE, "too-large");
        assertThat(sent.given).isLessThanOrEqualTo(LONGEST + 1);
    }

    @Test
    void where_there_is_no_memory_for_a_body_it_is_not_read() {
        List<RequestBodies.Body> held = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            held.add(bodies.read(new Sent(LONGEST, LONGEST)));
        }
        Sent more = new Sent(20_000, 20_000);
        assertThatExceptionOfType(RequestBodies.Refused.class).isThrownBy(() -> bodies.read(more))
                .matches(refused -> refused.status() == HttpStatus.TOO_MANY_REQUESTS);
        assertThat(more.given).isZero();
        // what large ones may not take is there for small ones
        held.add(bodies.read(new Sent(1_000, 1_000)));
        held.add(bodies.read(new Sent(1_000, -1)));
        held.removeFirst().close();
        held.add(bodies.read(new Sent(20_000, 20_000)));
        held.forEach(RequestBodies.Body::close);
        held.forEach(RequestBodies.Body::close);
        assertThat(bodies.taken()).isZero();
    }

    @Test
    void a_body_that_takes_too_long_is_given_up() {
        RequestBodies hasty = new RequestBodies(MEMORY, LONGEST, Duration.ofMillis(20));
        for (long told : new long[]{LONGEST, -1}) {
            Sent sent = new Sent(LONGEST, told) {
                @Override
                int next(int wanted) {
                    long since = System.nanoTime();
                    while (System.nanoTime() - since < 1_000_000) {
                        Thread.onSpinWait();
                    }
                    return 1;
                }
            };
            assertThatExceptionOfType(RequestBodies.Refused.class).isThrownBy(() -> hasty.read(sent))
                    .matches(refused -> refused.status() == HttpStatus.REQUEST_TIMEOUT);
            assertThat(sent.given).isLessThan(1_000);
            assertThat(hasty.taken()).isZero();
        }
    }

    @Test
    void one_of_which_nothing_comes_is_too_slow_and_one_that_ends_early_is_broken() {
        refused(new Sent(1, 10), HttpStatus.BAD_REQUEST, "malformed");
        refused(new Sent(10, 10) {
            @Override
            int next(int wanted) throws IOException {
                throw new SocketTimeoutException();
            }
        }, HttpStatus.REQUEST_TIMEOUT, "request-timeout");
        refused(new Sent(10, 10) {
            @Override
            int next(int wanted) throws IOException {
                throw new IOException("reset");
            }
        }, HttpStatus.BAD_REQUEST, "malformed");
    }

    @Test
    void whoever_reads_a_request_reads_one_that_was_admitted() throws IOException {
        try (BoundedRequest request = new BoundedRequest(new Sent(LONGEST, -1), bodies)) {
            assertThat(request.getInputStream().readAllBytes()).hasSize(LONGEST);
            assertThat(bodies.taken()).isGreaterThanOrEqualTo(LONGEST);
        }
        try (BoundedRequest request = new BoundedRequest(new Sent(5, 5), bodies)) {
            assertThat(request.getReader().readLine()).isEqualTo("xxxxx");
        }
        assertThat(bodies.taken()).isZero();
    }

    @Test
    void the_memory_is_enough_for_one_of_the_longest() {
        assertThat(new BodyProperties(null, TIMEOUT).bytes(LONGEST)).isGreaterThanOrEqualTo(MEMORY);
        assertThat(new BodyProperties(DataSize.ofBytes(MEMORY), TIMEOUT).bytes(LONGEST)).isEqualTo(MEMORY);
        assertThatThrownBy(() -> new BodyProperties(DataSize.ofBytes(MEMORY - 1), TIMEOUT).bytes(LONGEST))
                .isInstanceOf(StartRefused.class).hasMessageContaining("hive.http.body.memory");
        assertThatThrownBy(() -> new BodyProperties(null, Duration.ZERO)).isInstanceOf(StartRefused.class)
                .hasMessageContaining("hive.http.body.timeout");
    }

    private void refused(HttpServletRequest request, HttpStatus status, String code) {
        assertThatExceptionOfType(RequestBodies.Refused.class).isThrownBy(() -> bodies.read(request))
                .matches(refused -> refused.status() == status && refused.code().equals(code));
        assertThat(bodies.taken()).isZero();
    }

    /** A request whose body is made while it is read. */
    private static class Sent extends HttpServletRequestWrapper {

        private final long told;
        private final int length;
        int given;

        Sent(int length, long told) {
            super(new MockHttpServletRequest());
            this.length = length;
            this.told = told;
        }

        /** How many bytes come next. */
        int next(int wanted) throws IOException {
            return wanted;
        }

        @Override
        public long getContentLengthLong() {
            return told;
        }

        @Override
        public ServletInputStream getInputStream() {
            return new ServletInputStream() {
                @Override
                public int read() {
                    throw new UnsupportedOperationException();
                }

                @Override
                public int read(byte[] into, int offset, int wanted) throws IOException {
                    if (given == length) {
                        return -1;
                    }
                    int next = Math.min(next(wanted), length - given);
                    Arrays.fill(into, offset, offset + next, (byte) 'x');
                    given += next;
                    return next;
                }

                @Override
                public boolean isFinished() {
                    return given == length;
                }

                @Override
                public boolean isReady() {
                    return true;
                }

                @Override
                public void setReadListener(ReadListener listener) {
                    throw new UnsupportedOperationException();
                }
            };
        }
    }
}
