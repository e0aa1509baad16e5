/**
 * Checks of the whole: they drive the running apps from outside and compare what they answer with the log and the cache.
 * They share no code with the apps, so that a fault there cannot hide itself here.
 */
@NullMarked
package dev.hivestream.local.check;

import org.jspecify.annotations.NullMarked;
