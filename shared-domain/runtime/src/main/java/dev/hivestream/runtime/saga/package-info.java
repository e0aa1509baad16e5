/** Sagas: their inboxes, what is folded from them, and what they want done. */
@NullMarked
package dev.hivestream.runtime.saga;

import org.jspecify.annotations.NullMarked;
