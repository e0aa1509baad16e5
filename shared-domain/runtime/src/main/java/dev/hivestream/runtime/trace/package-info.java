/** Spans of what is done with messages, in the trace that their sender began (W3C Trace Context). */
@NullMarked
package dev.hivestream.runtime.trace;

import org.jspecify.annotations.NullMarked;
