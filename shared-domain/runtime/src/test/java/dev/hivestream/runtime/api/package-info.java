/** Tests of the descriptions that are made of the domain. */
@NullUnmarked
package dev.hivestream.runtime.api;

import org.jspecify.annotations.NullUnmarked;
