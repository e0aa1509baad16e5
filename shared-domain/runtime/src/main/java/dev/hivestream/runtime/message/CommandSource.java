package dev.hivestream.runtime.message;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * The sources of commands that Hive itself writes as header ce_source. A command is identified by its source and its id, so
 * that a sender cannot use the ids of another sender. Over HTTP the gateway sets the source; on a commands topic the producer
 * does.
 */
public final class CommandSource {

    /** Of all commands that come over HTTP, whatever instance takes them, where no tokens are required. */
    public static final String HTTP = "/hive/http";

    private static final String SAGA = "/hive/saga/";
    private static final int PRINCIPAL_BYTES = 16;
    private static final Pattern PRINCIPAL = Pattern.compile("[0-9a-f]{32}");

    private CommandSource() {}

    /**
     * Of the commands that come over HTTP with a token.
     *
     * @param issuer of the token, empty if it names none
     * @param subject of the token, empty if it names none
     */
    public static String http(String issuer, String subject) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(issuer.getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
            byte[] hash = digest.digest(subject.getBytes(StandardCharsets.UTF_8));
            return HTTP + "/" + HexFormat.of().formatHex(hash, 0, PRINCIPAL_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    /** Of the commands of a saga. */
    public static String saga(String name) {
        return SAGA + name;
    }

    /** Whether it is a saga's. */
    public static boolean isSaga(String source) {
        return source.startsWith(SAGA);
    }

    /** Whether it is that of a gateway of format 1, which named the instance. */
    public static boolean isLegacyGateway(String source) {
        return source.startsWith(HTTP + "/")
                && !PRINCIPAL.matcher(source.substring(HTTP.length() + 1)).matches();
    }
}
