/** A real broker, a real Redis and the apps as child processes: for the quick start, the tests and the benchmarks. */
@NullMarked
package dev.hivestream.local;

import org.jspecify.annotations.NullMarked;
