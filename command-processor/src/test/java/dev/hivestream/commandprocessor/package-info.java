/** Tests of the command-processor on a real broker and a real Redis. */
@NullUnmarked
package dev.hivestream.commandprocessor;

import org.jspecify.annotations.NullUnmarked;
