/** Tests of the runtime on a real broker and a real Redis. */
@NullUnmarked
package dev.hivestream.runtime;

import org.jspecify.annotations.NullUnmarked;
