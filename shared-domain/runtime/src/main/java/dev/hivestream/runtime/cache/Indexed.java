package dev.hivestream.runtime.cache;

import org.jspecify.annotations.Nullable;

/**
 * A place of a snapshot in one of its slot's sorted sets, by which it is found in order: by due time, by the time of its
 * last change.
 *
 * @param set name of the set
 * @param member unique within it
 * @param score by which it is ordered; null if it is not, or no longer, in the set
 */
public record Indexed(String set, String member, @Nullable Long score) {}
