package dev.hivestream.runtime.cache;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** JSON that is put together from pieces. Not thread-safe. */
final class JsonBytes {

    /** The digits of URL-safe Base64. */
    static final byte[] BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            .getBytes(StandardCharsets.US_ASCII);

    private static final int DIGITS_OF_LONG = 20;

    private byte[] bytes;
    private int length;

    /** With room for so many bytes before it has to grow. */
    JsonBytes(int room) {
        bytes = new byte[room];
    }

    JsonBytes add(byte[] piece) {
        require(piece.length);
        System.arraycopy(piece, 0, bytes, length, piece.length);
        length += piece.length;
        return this;
    }

    JsonBytes add(char ascii) {
        require(1);
        bytes[length++] = (byte) ascii;
        return this;
    }

    /** A number from 0. */
    JsonBytes add(long number) {
        require(DIGITS_OF_LONG);
        int digits = 1;
        for (long rest = number; rest >= 10; rest /= 10) {
            digits++;
        }
        long rest = number;
        for (int at = length + digits - 1; at >= length; at--) {
            bytes[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        length += digits;
        return this;
    }

    /** The last bits of a value, six a character. */
    JsonBytes addBase64(long bits, int characters) {
        require(characters);
        long rest = bits;
        for (int at = length + characters - 1; at >= length; at--) {
            bytes[at] = BASE64[(int) rest & 63];
            rest >>>= 6;
        }
        length += characters;
        return this;
    }

    private void require(int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(length + more, bytes.length * 2));
        }
    }

    byte[] toByteArray() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }
}
