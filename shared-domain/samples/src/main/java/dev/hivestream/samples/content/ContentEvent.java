package dev.hivestream.samples.content;

/** What can happen to content. */
public sealed interface ContentEvent {

    /**
     * The text was written.
     *
     * @param enabled how it started: said by the event, so that another start for new content leaves the old as it was
     */
    record ContentCreated(String text, boolean enabled) implements ContentEvent {}

    /** Another text took its place. */
    record ContentEdited(String text) implements ContentEvent {}

    /** It is shown from now on. */
    record ContentEnabled() implements ContentEvent {}

    /** It is hidden from now on. */
    record ContentDisabled() implements ContentEvent {}
}
