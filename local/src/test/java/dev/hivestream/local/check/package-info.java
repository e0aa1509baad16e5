@NullMarked
package dev.hivestream.local.check;

import org.jspecify.annotations.NullMarked;
