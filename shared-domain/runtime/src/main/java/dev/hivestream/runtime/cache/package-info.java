/** The cache in Redis: keys, snapshots, checkpoint, conditional write-back, guard. */
@NullMarked
package dev.hivestream.runtime.cache;

import org.jspecify.annotations.NullMarked;
