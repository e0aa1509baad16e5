/** What goes into the JVMs of apps and brokers: steps of their clock, and mutations that take a safeguard away. */
@NullMarked
package dev.hivestream.local.faults.agent;

import org.jspecify.annotations.NullMarked;
