/** Accounts that hold money: rules about amounts. */
@NullMarked
package dev.hivestream.samples.account;

import org.jspecify.annotations.NullMarked;
