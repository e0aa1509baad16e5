@NullMarked
package dev.hivestream.local.recorded;

import org.jspecify.annotations.NullMarked;
