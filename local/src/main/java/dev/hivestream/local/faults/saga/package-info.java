/** A domain whose saga has other code at each start, as a jar of its own beside that of the samples. */
@NullMarked
package dev.hivestream.local.faults.saga;

import org.jspecify.annotations.NullMarked;
