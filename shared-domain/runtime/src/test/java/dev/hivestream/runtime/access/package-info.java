/** Tests of who may what. */
@NullUnmarked
package dev.hivestream.runtime.access;

import org.jspecify.annotations.NullUnmarked;
