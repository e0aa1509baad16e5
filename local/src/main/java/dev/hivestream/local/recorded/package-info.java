/** What earlier versions stored, recorded for tests that later versions read it. */
@NullMarked
package dev.hivestream.local.recorded;

import org.jspecify.annotations.NullMarked;
