package dev.hivestream.model;

import java.util.regex.Pattern;

/** The form of the names that go over the wire and into topic names and URLs. */
final class Names {

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

    private Names() {}

    static void require(String what, String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("The " + what + " name '" + name
                    + "' is not of the form lower-case-words-joined-by-hyphens (63 characters at most)");
        }
    }
}
