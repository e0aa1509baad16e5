/** Who may send commands, read and operate over HTTP. The only package here that knows the web. */
@NullMarked
package dev.hivestream.runtime.access;

import org.jspecify.annotations.NullMarked;
