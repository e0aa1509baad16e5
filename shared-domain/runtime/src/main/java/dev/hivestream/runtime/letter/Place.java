package dev.hivestream.runtime.letter;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a letter is in its topic, written {@code partition/offset}. */
public record Place(int partition, long offset) {

    private static final Pattern FORM = Pattern.compile("(\\d{1,9})/(\\d{1,18})");

    /**
     * Reads what {@link #toString} wrote.
     *
     * @throws Refused if it is something else
     */
    public static Place parse(String text) {
        Matcher form = FORM.matcher(text.strip());
        if (!form.matches()) {
            throw new Refused(Refused.Why.WRONG,
                    "'" + text + "' is no place of a letter; write partition/offset: 3/17");
        }
        return new Place(Integer.parseInt(form.group(1)), Long.parseLong(form.group(2)));
    }

    @Override
    public String toString() {
        return partition + "/" + offset;
    }
}
