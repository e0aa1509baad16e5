/** Two small domains to start from. */
@NullMarked
package dev.hivestream.samples;

import org.jspecify.annotations.NullMarked;
