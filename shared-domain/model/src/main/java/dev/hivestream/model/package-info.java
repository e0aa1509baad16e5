/** The domain API: what a team writes. Pure Java; no framework reaches this package. */
@NullMarked
package dev.hivestream.model;

import org.jspecify.annotations.NullMarked;
