package dev.hivestream.runtime.access;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A request whose body is admitted before it is read. */
final class BoundedRequest extends HttpServletRequestWrapper implements AutoCloseable {

    private final RequestBodies bodies;
    private RequestBodies.@Nullable Body body;
    private @Nullable ServletInputStream stream;
    private @Nullable BufferedReader reader;

    BoundedRequest(HttpServletRequest request, RequestBodies bodies) {
        super(request);
        this.bodies = bodies;
    }

    @Override
    public ServletInputStream getInputStream() {
        ServletInputStream known = stream;
        if (known == null) {
            RequestBodies.Body read = bodies.read(this);
            body = read;
            known = new Stream(new ByteArrayInputStream(read.bytes()));
            stream = known;
        }
        return known;
    }

    @Override
    public BufferedReader getReader() {
        BufferedReader known = reader;
        if (known == null) {
            String encoding = getCharacterEncoding();
            known = new BufferedReader(new InputStreamReader(getInputStream(),
                    encoding == null ? StandardCharsets.UTF_8 : Charset.forName(encoding)));
            reader = known;
        }
        return known;
    }

    /** The body, as far as it was read; empty if nobody has read it. */
    byte[] body() {
        RequestBodies.Body read = body;
        return read == null ? new byte[0] : read.bytes();
    }

    @Override
    public void close() {
        RequestBodies.Body read = body;
        if (read != null) {
            body = null;
            read.close();
        }
    }

    private static final class Stream extends ServletInputStream {

        private final ByteArrayInputStream bytes;

        Stream(ByteArrayInputStream bytes) {
            this.bytes = bytes;
        }

        @Override
        public int read() {
            return bytes.read();
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            return bytes.read(into, offset, length);
        }

        @Override
        public boolean isFinished() {
            return bytes.available() == 0;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new UnsupportedOperationException("The body is in memory; read it synchronously");
        }
    }
}
