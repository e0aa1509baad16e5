package dev.hivestream.samples.content;

import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.samples.content.ContentCommand.CreateContent;
import dev.hivestream.samples.content.ContentCommand.DisableContent;
import dev.hivestream.samples.content.ContentCommand.EditContent;
import dev.hivestream.samples.content.ContentCommand.EnableContent;
import dev.hivestream.samples.content.ContentEvent.ContentCreated;
import dev.hivestream.samples.content.ContentEvent.ContentDisabled;
import dev.hivestream.samples.content.ContentEvent.ContentEdited;
import dev.hivestream.samples.content.ContentEvent.ContentEnabled;

/** The rules of content. */
public final class ContentDecider implements Decider<ContentCommand, Content, ContentEvent> {

    private static final int SHORTEST = 2;
    private static final int LONGEST = 280;

    @Override
    public Content initialState() {
        return Content.NONE;
    }

    @Override
    public Decision<ContentEvent> decide(ContentCommand command, Content content) {
        return switch (command) {
            case CreateContent _ when content.exists() ->
                Decision.reject("already-exists", "The content exists already");
            case CreateContent(String text) ->
                hasGoodLength(text) ? Decision.accept(new ContentCreated(text, false)) : textLength();
            case ContentCommand _ when !content.exists() -> Decision.reject("not-found", "There is no such content");
            case EditContent(String text) when text.equals(content.text()) -> Decision.accept();
            case EditContent(String text) ->
                hasGoodLength(text) ? Decision.accept(new ContentEdited(text)) : textLength();
            case EnableContent _ -> content.enabled()
                    ? Decision.reject("already-enabled", "The content is enabled already")
                    : Decision.accept(new ContentEnabled());
            case DisableContent _ -> content.enabled()
                    ? Decision.accept(new ContentDisabled())
                    : Decision.reject("already-disabled", "The content is disabled already");
        };
    }

    @Override
    public Content evolve(Content content, ContentEvent event) {
        return switch (event) {
            case ContentCreated(String text, boolean enabled) -> new Content(text, enabled);
            case ContentEdited(String text) -> new Content(text, content.enabled());
            case ContentEnabled _ -> new Content(content.text(), true);
            case ContentDisabled _ -> new Content(content.text(), false);
        };
    }

    /** Counted in code points: an emoji outside the basic plane is one character to its author. */
    private static boolean hasGoodLength(String text) {
        int length = text.codePointCount(0, text.length());
        return SHORTEST <= length && length <= LONGEST;
    }

    private static Decision<ContentEvent> textLength() {
        return Decision.reject("text-length", "The text must have " + SHORTEST + " to " + LONGEST + " characters");
    }
}
