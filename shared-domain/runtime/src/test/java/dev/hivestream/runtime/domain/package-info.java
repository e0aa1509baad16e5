@NullUnmarked
package dev.hivestream.runtime.domain;

import org.jspecify.annotations.NullUnmarked;
