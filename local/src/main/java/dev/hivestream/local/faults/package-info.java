/**
 * The system with three brokers, two of each app and all their connections, broken from a seeded schedule while clients
 * work with it; afterwards everything that they saw is checked.
 */
@NullMarked
package dev.hivestream.local.faults;

import org.jspecify.annotations.NullMarked;
