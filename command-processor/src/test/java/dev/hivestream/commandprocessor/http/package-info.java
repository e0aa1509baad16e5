/** Tests of the command-processor on a real broker and a real Redis. */
@NullUnmarked
package dev.hivestream.commandprocessor.http;

import org.jspecify.annotations.NullUnmarked;
