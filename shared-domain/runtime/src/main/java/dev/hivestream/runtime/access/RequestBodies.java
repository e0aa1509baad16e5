package dev.hivestream.runtime.access;

import jakarta.servlet.ServletRequest;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.http.HttpStatus;
import org.springframework.web.util.WebUtils;

/**
 * The memory for request bodies. A body is admitted by its size before it is read, or while it is read if it has no
 * Content-Length. Whatever the number and the speed of clients, their bodies use at most a fixed part of the heap, each for
 * a bounded time. Thread-safe.
 */
public final class RequestBodies {

    /** One of so many parts of the memory is reserved for small bodies, so that a few large ones do not block all others. */
    static final int LARGE_SHARE = 4;
    /** The size of small bodies, which nearly all commands have. */
    private static final int SMALL = 16 * 1024;
    private static final int FIRST_CHUNK = 8 * 1024;

    private final long memory;
    private final int longest;
    private final Duration timeout;
    private final AtomicLong taken = new AtomicLong();

    /**
     * Starts with all memory free.
     *
     * @param memory for all bodies together, in bytes
     * @param longest body that is read, in bytes
     * @param timeout for the arrival of one body
     */
    RequestBodies(long memory, int longest, Duration timeout) {
        this.memory = memory;
        this.longest = longest;
        this.timeout = timeout;
    }

    /** A body is not read, or not read to its end. */
    public static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final HttpStatus status;
        private final String code;

        Refused(HttpStatus status, String code, String why) {
            // an answer, and many at once: no stack trace
            super(why, null, false, false);
            this.status = status;
            this.code = code;
        }

        /** The status of the answer. */
        public HttpStatus status() {
            return status;
        }

        /** The code of the problem. */
        public String code() {
            return code;
        }
    }

    /** A body in memory. Closing it releases the memory; the bytes must not be used afterwards. */
    public final class Body implements AutoCloseable {

        private byte[] bytes = new byte[0];
        private long reserved;

        /** What was sent. */
        public byte[] bytes() {
            return bytes;
        }

        private void reserve(long more) {
            long limit = reserved + more > SMALL ? memory - memory / LARGE_SHARE : memory;
            if (taken.addAndGet(more) > limit) {
                taken.addAndGet(-more);
                throw new Refused(HttpStatus.TOO_MANY_REQUESTS, "overload",
                        "The memory for request bodies (hive.http.body.memory) is exhausted. The body was not read; send the request again");
            }
            reserved += more;
        }

        private void release(long bytesLess) {
            taken.addAndGet(-bytesLess);
            reserved -= bytesLess;
        }

        @Override
        public void close() {
            bytes = new byte[0];
            release(reserved);
        }
    }

    /** What the bodies in memory take, in bytes. */
    public long taken() {
        return taken.get();
    }

    /**
     * Reads the body of a request.
     *
     * @throws Refused if it is too long or too slow, ends early, or does not fit into the free memory
     */
    public Body read(HttpServletRequest request) {
        BoundedRequest bounded = WebUtils.getNativeRequest(request, BoundedRequest.class);
        ServletRequest sent = bounded == null ? request : bounded.getRequest();
        long length = sent.getContentLengthLong();
        if (length > longest) {
            throw tooLong();
        }
        Body body = new Body();
        boolean isRead = false;
        try {
            InputStream in = sent.getInputStream();
            long deadline = System.nanoTime() + timeout.toNanos();
            if (length < 0) {
                readToEnd(in, body, deadline);
            } else {
                body.reserve(length);
                body.bytes = new byte[(int) length];
                if (fill(in, body.bytes, 0, deadline) < length) {
                    throw brokenOff();
                }
            }
            isRead = true;
            return body;
        } catch (SocketTimeoutException e) {
            throw tooSlow();
        } catch (IOException e) {
            throw brokenOff();
        } finally {
            if (!isRead) {
                body.close();
            }
        }
    }

    private void readToEnd(InputStream in, Body body, long deadline) throws IOException {
        body.reserve(FIRST_CHUNK);
        body.bytes = new byte[FIRST_CHUNK];
        int length = fill(in, body.bytes, 0, deadline);
        while (length == body.bytes.length && length <= longest) {
            int before = body.bytes.length;
            int after = Math.min(2 * before, longest + 1);
            if (after <= before) {
                break;
            }
            // both are there while one is copied
            body.reserve(after);
            body.bytes = Arrays.copyOf(body.bytes, after);
            body.release(before);
            length = fill(in, body.bytes, length, deadline);
        }
        if (length > longest) {
            throw tooLong();
        }
        body.bytes = Arrays.copyOf(body.bytes, length);
    }

    /** Reads until the buffer is full or the body ends. Returns the number of bytes in the buffer. */
    private int fill(InputStream in, byte[] bytes, int from, long deadline) throws IOException {
        int length = from;
        while (length < bytes.length) {
            int read = in.read(bytes, length, bytes.length - length);
            if (read < 0) {
                break;
            }
            length += read;
            if (length < bytes.length && System.nanoTime() - deadline > 0) {
                throw tooSlow();
            }
        }
        return length;
    }

    private Refused tooLong() {
        return new Refused(HttpStatus.CONTENT_TOO_LARGE, "too-large",
                "The body exceeds the limit of " + longest + " bytes (hive.max-message)");
    }

    private Refused tooSlow() {
        return new Refused(HttpStatus.REQUEST_TIMEOUT, "request-timeout",
                "The body did not arrive within " + timeout.toMillis() + " ms (hive.http.body.timeout)");
    }

    private static Refused brokenOff() {
        return new Refused(HttpStatus.BAD_REQUEST, "malformed",
                "The body ended early: the connection was lost, or Content-Length is wrong");
    }
}
