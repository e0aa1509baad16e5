/** Domain code on threads that can be abandoned. */
@NullMarked
package dev.hivestream.runtime.domain;

import org.jspecify.annotations.NullMarked;
