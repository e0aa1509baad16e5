/** Short texts that are written, edited, shown and hidden: the smallest aggregate that has rules. */
@NullMarked
package dev.hivestream.samples.content;

import org.jspecify.annotations.NullMarked;
