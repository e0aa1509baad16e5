package dev.hivestream.samples.content;

import dev.hivestream.model.fixture.DeciderFixture;
import dev.hivestream.samples.content.ContentCommand.CreateContent;
import dev.hivestream.samples.content.ContentCommand.DisableContent;
import dev.hivestream.samples.content.ContentCommand.EditContent;
import dev.hivestream.samples.content.ContentCommand.EnableContent;
import dev.hivestream.samples.content.ContentEvent.ContentCreated;
import dev.hivestream.samples.content.ContentEvent.ContentDisabled;
import dev.hivestream.samples.content.ContentEvent.ContentEdited;
import dev.hivestream.samples.content.ContentEvent.ContentEnabled;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContentDeciderTest {

    private final DeciderFixture<ContentCommand, Content, ContentEvent> content = DeciderFixture
            .of(new ContentDecider());

    @Test
    void content_lives_through_all_its_commands() {
        content.givenNothing()
                .when(new CreateContent("Hello")).thenEvents(new ContentCreated("Hello", false))
                .when(new EnableContent()).thenEvents(new ContentEnabled()).thenState(new Content("Hello", true))
                .when(new EditContent("Goodbye")).thenEvents(new ContentEdited("Goodbye"))
                .when(new DisableContent()).thenEvents(new ContentDisabled()).thenState(new Content("Goodbye", false));
    }

    @Test
    void a_text_has_2_to_280_characters_whatever_their_encoding() {
        String longest = "🐝".repeat(280);

        content.givenNothing().when(new CreateContent("🐝")).thenRejected("text-length");
        content.givenNothing().when(new CreateContent("🐝🐝")).thenEvents(new ContentCreated("🐝🐝", false))
                .when(new EditContent(longest)).thenEvents(new ContentEdited(longest))
                .when(new EditContent(longest + "!")).thenRejected("text-length")
                .when(new EditContent("")).thenRejected("text-length");
    }

    @Test
    void content_is_created_once() {
        content.given(new ContentCreated("Hello", false)).when(new CreateContent("Hello"))
                .thenRejected("already-exists");
    }

    @Test
    void what_does_not_exist_cannot_be_changed() {
        for (ContentCommand command : List.of(new EditContent("Hello"), new EnableContent(), new DisableContent())) {
            content.givenNothing().when(command).thenRejected("not-found");
        }
    }

    @Test
    void editing_to_the_same_text_changes_nothing() {
        content.given(new ContentCreated("Hello", false)).when(new EditContent("Hello")).thenNothing();
    }

    @Test
    void content_is_enabled_or_disabled_and_never_twice() {
        content.given(new ContentCreated("Hello", false)).when(new DisableContent()).thenRejected("already-disabled")
                .when(new EnableContent()).when(new EnableContent()).thenRejected("already-enabled");
    }
}
