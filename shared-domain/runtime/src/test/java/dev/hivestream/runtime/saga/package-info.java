/** Tests of what the inbox does to saga instances. */
@NullUnmarked
package dev.hivestream.runtime.saga;

import org.jspecify.annotations.NullUnmarked;
