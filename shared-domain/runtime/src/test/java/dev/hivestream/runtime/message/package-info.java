/** Tests of what goes over the wire. */
@NullUnmarked
package dev.hivestream.runtime.message;

import org.jspecify.annotations.NullUnmarked;
