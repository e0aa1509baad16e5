/** The apps in a real Spring Cloud Data Flow: what {@code bin/dataflow-check} runs. */
@NullMarked
package dev.hivestream.local.dataflow;

import org.jspecify.annotations.NullMarked;
