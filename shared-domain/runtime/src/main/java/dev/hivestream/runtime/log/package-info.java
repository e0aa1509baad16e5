/** The log in Kafka: topics, fold and catch-up. */
@NullMarked
package dev.hivestream.runtime.log;

import org.jspecify.annotations.NullMarked;
