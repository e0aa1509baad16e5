/** The command-processor: decides commands and appends their events exactly once. */
@NullMarked
package dev.hivestream.commandprocessor;

import org.jspecify.annotations.NullMarked;
