/** Tests of what people do about dead letters, on a real broker. */
@NullUnmarked
package dev.hivestream.runtime.letter;

import org.jspecify.annotations.NullUnmarked;
