package dev.hivestream.cacherebuilder;

import java.io.PrintStream;

/**
 * Where results go, and what is said on the way to them.
 *
 * @param out for results
 * @param err for progress and failures
 */
record Console(PrintStream out, PrintStream err) {}
