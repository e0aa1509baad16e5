/** Tests of the Helm chart: it is linted and rendered in process, and what comes out is read strictly. */
@NullUnmarked
package dev.hivestream.helm;

import org.jspecify.annotations.NullUnmarked;
