package dev.hivestream.local;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a Redis on the loopback interface, without a client library: one call at a time, answers as
 * text.
 */
public final class RedisConnection implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 10_000;

    private final Socket socket;
    private final InputStream input;
    private final OutputStream output;

    /** Connects. */
    public RedisConnection(int port) throws IOException {
        socket = new Socket();
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MILLIS);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.setTcpNoDelay(true);
        input = new BufferedInputStream(socket.getInputStream());
        output = socket.getOutputStream();
    }

    /**
     * Sends a command.
     *
     * @return a {@link String}, a {@link Long}, a {@link List} of such, or null: what Redis answers
     * @throws IllegalStateException if Redis answers with an error
     */
    public @Nullable Object call(String... words) {
        return call(Arrays.stream(words).map(word -> word.getBytes(StandardCharsets.UTF_8)).toList());
    }

    /** Sends a command of bytes, as {@link #call(String...)}. */
    public @Nullable Object call(List<byte[]> words) {
        try {
            var request = new ByteArrayOutputStream();
            request.writeBytes(("*" + words.size() + "\r\n").getBytes(StandardCharsets.UTF_8));
            for (byte[] word : words) {
                request.writeBytes(("$" + word.length + "\r\n").getBytes(StandardCharsets.UTF_8));
                request.writeBytes(word);
                request.writeBytes(new byte[]{'\r', '\n'});
            }
            output.write(request.toByteArray());
            output.flush();
            return reply();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Sends a command that is answered with a list.
     *
     * @throws IllegalStateException if Redis answers with an error, or with something else
     */
    public List<?> list(String... words) {
        Object answer = call(words);
        if (answer instanceof List<?> list) {
            return list;
        }
        throw new IllegalStateException("Redis answers " + words[0] + " with " + answer);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private @Nullable Object reply() throws IOException {
        String line = line();
        String rest = line.substring(1);
        return switch (line.charAt(0)) {
            case '+' -> rest;
            case '-' -> throw new IllegalStateException("Redis: " + rest);
            case ':' -> Long.valueOf(rest);
            case '$' -> text(Integer.parseInt(rest));
            case '*' -> list(Integer.parseInt(rest));
            default -> throw new IOException("Not an answer of Redis: " + line);
        };
    }

    private @Nullable String text(int length) throws IOException {
        if (length < 0) {
            return null;
        }
        byte[] bytes = input.readNBytes(length);
        line();
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private @Nullable List<@Nullable Object> list(int length) throws IOException {
        if (length < 0) {
            return null;
        }
        var elements = new ArrayList<@Nullable Object>(length);
        for (int i = 0; i < length; i++) {
            elements.add(reply());
        }
        return elements;
    }

    private String line() throws IOException {
        var line = new ByteArrayOutputStream();
        for (int c = input.read(); c != '\n'; c = input.read()) {
            if (c < 0) {
                throw new EOFException("Redis closed the connection");
            }
            if (c != '\r') {
                line.write(c);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }
}
