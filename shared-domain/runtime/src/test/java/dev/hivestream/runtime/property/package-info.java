/** What holds for every input, tried with made-up ones. */
@NullUnmarked
package dev.hivestream.runtime.property;

import org.jspecify.annotations.NullUnmarked;
