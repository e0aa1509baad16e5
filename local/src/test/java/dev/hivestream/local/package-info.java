@NullMarked
package dev.hivestream.local;

import org.jspecify.annotations.NullMarked;
