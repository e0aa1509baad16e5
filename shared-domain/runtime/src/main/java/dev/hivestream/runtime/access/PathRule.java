package dev.hivestream.runtime.access;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.security.web.firewall.FirewalledRequest;
import org.springframework.security.web.firewall.HttpFirewall;
import org.springframework.security.web.firewall.RequestRejectedException;

/**
 * Rejects ambiguous paths. The web server, the access rules and the handlers normalize dots, empty segments and matrix
 * parameters in different ways, so paths that contain them are rejected. {@link dev.hivestream.runtime.message.Ids} defines
 * which ids are valid; all other characters are percent-encoded and have no special meaning.
 */
final class PathRule implements HttpFirewall {

    /** Dot segments, encoded or not. */
    private static final Pattern DOTS = Pattern.compile("(?i)/(?:\\.|%2e){1,2}(?:/|$)");
    private static final Pattern ELSEWHERE = Pattern.compile("(?i)[;\\\\]|%2f|%5c");
    private static final Pattern CONTROL = Pattern.compile("(?i)%[01][0-9a-f]|%7f|\\p{Cntrl}");

    @Override
    public FirewalledRequest getFirewalledRequest(HttpServletRequest request) {
        String why = refused(request.getRequestURI());
        if (why != null) {
            throw new RequestRejectedException(why);
        }
        return new FirewalledRequest(request) {
            @Override
            public void reset() {
                // nothing was changed
            }
        };
    }

    @Override
    public HttpServletResponse getFirewalledResponse(HttpServletResponse response) {
        return response;
    }

    /** The reason why a path, as it was sent, is rejected; null if it is valid. */
    static @Nullable String refused(String path) {
        if (path.contains("//")) {
            return "The path contains an empty segment: an id is missing, or a / is repeated";
        }
        if (DOTS.matcher(path).find()) {
            return "The path contains the segment '.' or '..', which is not a valid id";
        }
        if (ELSEWHERE.matcher(path).find()) {
            return "The path contains a ; or a \\, or an encoded / or \\, which ids must not contain";
        }
        return CONTROL.matcher(path).find()
                ? "The path contains a control character, which ids must not contain"
                : null;
    }
}
