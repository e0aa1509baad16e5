/**
 * Benchmarks: they run the apps as they are shipped, on a broker and a Redis of their own, and compare them with the bare
 * building blocks on the same machine. They share no code with the apps.
 */
@NullMarked
package dev.hivestream.local.benchmark;

import org.jspecify.annotations.NullMarked;
