/** Tests of who owns a partition, on a real broker and a real Redis. */
@NullUnmarked
package dev.hivestream.runtime.owner;

import org.jspecify.annotations.NullUnmarked;
