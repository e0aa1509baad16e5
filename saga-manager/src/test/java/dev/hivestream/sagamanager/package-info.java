/** Tests of the saga-manager on a real broker and a real Redis. */
@NullUnmarked
package dev.hivestream.sagamanager;

import org.jspecify.annotations.NullUnmarked;
