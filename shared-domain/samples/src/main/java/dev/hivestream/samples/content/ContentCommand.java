package dev.hivestream.samples.content;

import static java.util.Objects.requireNonNull;

/** What can be asked of content. A command without its text is malformed: no rule ever sees it. */
public sealed interface ContentCommand {

    /** Write the text; it starts disabled. */
    record CreateContent(String text) implements ContentCommand {
        public CreateContent {
            requireNonNull(text, "text");
        }
    }

    /** Put another text in its place. */
    record EditContent(String text) implements ContentCommand {
        public EditContent {
            requireNonNull(text, "text");
        }
    }

    /** Show it. */
    record EnableContent() implements ContentCommand {}

    /** Hide it. */
    record DisableContent() implements ContentCommand {}
}
