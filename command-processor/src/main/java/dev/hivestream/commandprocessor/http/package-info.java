/** HTTP in front of the commands topic: a thin gateway, and queries of the cache. */
@NullMarked
package dev.hivestream.commandprocessor.http;

import org.jspecify.annotations.NullMarked;
