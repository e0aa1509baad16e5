/** Tests of cache and guard on a real Redis. */
@NullUnmarked
package dev.hivestream.runtime.cache;

import org.jspecify.annotations.NullUnmarked;
