package dev.hivestream.local;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An answer of an HTTP/1.1 server.
 *
 * @param isLast whether the server closes the connection
 * @param text all of it, a character a byte
 */
public record HttpReply(int status, boolean isLast, String text) {

    private static final Pattern LENGTH = Pattern.compile("\r\ncontent-length: *(\\d{1,9})");
    private static final String CHUNKED = "\r\ntransfer-encoding: chunked";
    private static final String CLOSE = "\r\nconnection: close";
    private static final String HEAD_END = "\r\n\r\n";
    // the bodies are JSON on one line: nothing else in them looks like this
    private static final String LAST_CHUNK = "\r\n0\r\n\r\n";

    /**
     * Takes what there is on a connection; null: the answer is not complete.
     *
     * @param reply what has come of it before, and room for the rest
     * @throws EOFException if the server closed the connection
     * @throws IllegalArgumentException if it is no answer, or says neither its length nor that it comes in chunks
     */
    public static @Nullable HttpReply read(ReadableByteChannel connection, ByteBuffer reply) throws IOException {
        if (connection.read(reply) < 0) {
            throw new EOFException("The server closed a connection");
        }
        return of(reply.array(), reply.position());
    }

    /** Of the bytes that have come so far; null: they are not all. */
    static @Nullable HttpReply of(byte[] bytes, int count) {
        String text = new String(bytes, 0, count, ISO_8859_1);
        int end = text.indexOf(HEAD_END);
        if (end < 0) {
            return null;
        }
        String head = text.substring(0, end).toLowerCase(Locale.ROOT);
        var length = LENGTH.matcher(head);
        boolean complete;
        if (length.find()) {
            complete = text.length() == end + HEAD_END.length() + Integer.parseInt(length.group(1));
        } else if (head.contains(CHUNKED)) {
            complete = text.endsWith(LAST_CHUNK);
        } else {
            throw new IllegalArgumentException("Not an answer that can be read: " + text);
        }
        return complete ? new HttpReply(Integer.parseInt(text, 9, 12, 10), head.contains(CLOSE), text) : null;
    }
}
