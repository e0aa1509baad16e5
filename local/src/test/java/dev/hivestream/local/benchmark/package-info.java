@NullMarked
package dev.hivestream.local.benchmark;

import org.jspecify.annotations.NullMarked;
