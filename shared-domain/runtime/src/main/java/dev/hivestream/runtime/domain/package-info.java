/** Domain code on threads that can be given up. */
@NullMarked
package dev.hivestream.runtime.domain;

import org.jspecify.annotations.NullMarked;
