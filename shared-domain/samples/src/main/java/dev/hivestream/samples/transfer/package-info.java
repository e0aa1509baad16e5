/** Transfers from account to account: a process that undoes what it has done when it cannot go on. */
@NullMarked
package dev.hivestream.samples.transfer;

import org.jspecify.annotations.NullMarked;
