@NullMarked
package dev.hivestream.local.faults.saga;

import org.jspecify.annotations.NullMarked;
