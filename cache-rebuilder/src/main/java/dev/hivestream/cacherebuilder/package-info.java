/** Builds, compares and mends the cache from the log. */
@NullMarked
package dev.hivestream.cacherebuilder;

import org.jspecify.annotations.NullMarked;
