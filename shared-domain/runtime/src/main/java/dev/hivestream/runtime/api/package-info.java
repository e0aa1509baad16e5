/** The descriptions of what comes in and goes out, made of the domain: OpenAPI of HTTP, AsyncAPI of the topics. */
@NullMarked
package dev.hivestream.runtime.api;

import org.jspecify.annotations.NullMarked;
