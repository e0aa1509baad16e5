package dev.hivestream.runtime.cache;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** JSON that is put together from pieces. Not thread-safe. */
final class JsonBytes {

    /** The digits of URL-safe Base64. */
    private static final byte[] BASE64 = ascii(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private static final int DIGITS_OF_LONG = 20;
    private static final int BITS_OF_CHARACTER = 6;
    private static final int CHARACTERS_OF_INT = 6;

    private byte[] bytes;
    private int length;
    private long pending;
    private int pendingBits;

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

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

    /** The next 32 bits of a text in Base64, which begins with the first of them and is ended by {@link #endBase64}. */
    JsonBytes addBase64(int bits) {
        require(CHARACTERS_OF_INT);
        pending = pending << Integer.SIZE | bits & 0xffff_ffffL;
        for (pendingBits += Integer.SIZE; pendingBits >= BITS_OF_CHARACTER;) {
            pendingBits -= BITS_OF_CHARACTER;
            bytes[length++] = BASE64[(int) (pending >>> pendingBits) & 63];
        }
        return this;
    }

    /** Writes the bits that do not fill a character, without padding. */
    JsonBytes endBase64() {
        if (pendingBits > 0) {
            require(1);
            bytes[length++] = BASE64[(int) (pending << BITS_OF_CHARACTER - pendingBits) & 63];
            pendingBits = 0;
        }
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
