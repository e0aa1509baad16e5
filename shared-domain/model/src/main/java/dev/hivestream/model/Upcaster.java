package dev.hivestream.model;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns the payload of an event of one version into that of the next version.
 *
 * <p>The payload is the JSON object as plain Java: maps, lists, strings, numbers, booleans and null. Pure; may return the
 * map that it was given, changed. An event in the log is never rewritten: it is upcast each time it is read.
 */
@FunctionalInterface
public interface Upcaster {

    /** The payload of the next version. */
    Map<String, @Nullable Object> upcast(Map<String, @Nullable Object> payload);
}
