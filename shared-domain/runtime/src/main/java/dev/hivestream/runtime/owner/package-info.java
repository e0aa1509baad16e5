/** Who may decide: ownership of partitions, and the listener container that keeps to it. */
@NullMarked
package dev.hivestream.runtime.owner;

import org.jspecify.annotations.NullMarked;
