/** Reviews of content: a process that waits for a person. */
@NullMarked
package dev.hivestream.samples.review;

import org.jspecify.annotations.NullMarked;
