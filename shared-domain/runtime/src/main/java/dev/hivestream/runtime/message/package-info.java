/** Messages on the wire: CloudEvents headers, JSON payloads, stable names. */
@NullMarked
package dev.hivestream.runtime.message;

import org.jspecify.annotations.NullMarked;
