/** What the three apps share: properties and the auto-configuration. */
@NullMarked
package dev.hivestream.runtime;

import org.jspecify.annotations.NullMarked;
