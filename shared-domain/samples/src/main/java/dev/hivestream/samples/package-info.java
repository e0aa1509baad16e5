/** Four small aggregates and two sagas to start from. */
@NullMarked
package dev.hivestream.samples;

import org.jspecify.annotations.NullMarked;
