@NullMarked
package dev.hivestream.local.faults;

import org.jspecify.annotations.NullMarked;
