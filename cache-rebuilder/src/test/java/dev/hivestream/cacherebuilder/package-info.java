/** Tests of the cache-rebuilder on a real broker and a real Redis. */
@NullUnmarked
package dev.hivestream.cacherebuilder;

import org.jspecify.annotations.NullUnmarked;
