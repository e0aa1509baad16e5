package dev.hivestream.samples.content;

/**
 * A short text.
 *
 * @param text never empty once the content exists
 * @param enabled whether it is to be shown
 */
public record Content(String text, boolean enabled) {

    /** Content that was not created yet. */
    public static final Content NONE = new Content("", false);

    /** Whether it was created. */
    public boolean exists() {
        return !text.isEmpty();
    }
}
