/** Dead letters: what a person does about them, kept beside them. */
@NullMarked
package dev.hivestream.runtime.letter;

import org.jspecify.annotations.NullMarked;
