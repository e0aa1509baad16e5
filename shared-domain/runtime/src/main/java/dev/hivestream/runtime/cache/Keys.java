package dev.hivestream.runtime.cache;

import dev.hivestream.runtime.message.Slot;
import java.nio.charset.StandardCharsets;

/** The names of all keys in Redis. A slot's keys share a hash tag, so one script is atomic over them in a cluster too. */
public final class Keys {

    private Keys() {}

    /** A hash: fingerprint to the generation that readers use. */
    public static byte[] active(Slot slot) {
        return utf8(tag(slot) + "active");
    }

    public static byte[] checkpoint(Slot slot, String generation) {
        return utf8(tag(slot) + generation + ":watermark");
    }

    public static byte[] snapshot(Slot slot, String generation, String id) {
        return utf8(snapshots(slot, generation) + id);
    }

    /** What the keys of all snapshots begin with; the id follows. */
    static String snapshots(Slot slot, String generation) {
        return tag(slot) + generation + ":s:";
    }

    /** A sorted set: where snapshots are found by order. */
    public static byte[] index(Slot slot, String generation, String set) {
        return utf8(tag(slot) + generation + ":i:" + set);
    }

    public static byte[] result(Slot slot, String commandId) {
        return utf8(tag(slot) + "r:" + commandId);
    }

    /** The generation wanted for a fingerprint. */
    public static byte[] wanted(String aggregate, String fingerprint) {
        return utf8("hive:generation:" + aggregate + ":" + fingerprint);
    }

    /** The generation that a rebuild has begun, for a fingerprint. */
    public static byte[] building(String aggregate, String fingerprint) {
        return utf8("hive:building:" + aggregate + ":" + fingerprint);
    }

    /** The prefix of the lock registry's keys. */
    public static final String LOCKS = "hive:lock";

    private static String tag(Slot slot) {
        return "hive:{" + slot + "}:";
    }

    private static byte[] utf8(String key) {
        return key.getBytes(StandardCharsets.UTF_8);
    }
}
