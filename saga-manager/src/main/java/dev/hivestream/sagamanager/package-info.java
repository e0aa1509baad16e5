/** Routes events and results to sagas, and does what sagas want done. */
@NullMarked
package dev.hivestream.sagamanager;

import org.jspecify.annotations.NullMarked;
