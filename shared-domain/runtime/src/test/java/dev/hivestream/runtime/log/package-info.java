/** Tests of catch-up and topics on a real broker and a real Redis. */
@NullUnmarked
package dev.hivestream.runtime.log;

import org.jspecify.annotations.NullUnmarked;
