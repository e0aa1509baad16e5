package dev.hivestream.runtime.access;

import dev.hivestream.runtime.message.CommandSource;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authorization.AuthorizationResult;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.oauth2.jwt.JwtClaimNames;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationToken;

/** What the token of a request allows; everything where no tokens are wanted. Safe for use by many threads. */
public final class Access {

    private static final String SCOPE = "SCOPE_";

    private final AccessProperties rules;
    private final boolean tokensWanted;

    Access(AccessProperties rules, boolean tokensWanted) {
        this.rules = rules;
        this.tokensWanted = tokensWanted;
    }

    /** Whether a request without a token is refused. */
    public boolean tokensWanted() {
        return tokensWanted;
    }

    /**
     * Whether the request of this thread may see what became of an aggregate's command: who may send it commands may, and
     * who may read it.
     */
    public boolean maySeeResults(String aggregate) {
        return !tokensWanted
                || anyOf(SecurityContextHolder.getContext().getAuthentication(), rules.commands(aggregate),
                        rules.reads(aggregate)).isGranted();
    }

    /** The source of the commands of this thread's request, which no sender can choose. */
    public String source() {
        if (tokensWanted
                && SecurityContextHolder.getContext().getAuthentication() instanceof JwtAuthenticationToken who) {
            return CommandSource.http(
                    Objects.requireNonNullElse(who.getToken().getClaimAsString(JwtClaimNames.ISS), ""),
                    Objects.requireNonNullElse(who.getToken().getSubject(), ""));
        }
        return CommandSource.HTTP;
    }

    /** Whether the request of this thread may operate the app: look at what others sent, for example. */
    public boolean mayOperate() {
        return !tokensWanted || operations(SecurityContextHolder.getContext().getAuthentication()).isGranted();
    }

    AuthorizationResult commands(@Nullable Authentication who, String aggregate) {
        return anyOf(who, rules.commands(aggregate));
    }

    AuthorizationResult reads(@Nullable Authentication who, String aggregate) {
        return anyOf(who, rules.reads(aggregate));
    }

    AuthorizationResult operations(@Nullable Authentication who) {
        return anyOf(who, rules.scopes().operations());
    }

    private static Needs anyOf(@Nullable Authentication who, String... scopes) {
        boolean granted = who != null && who.isAuthenticated() && who.getAuthorities().stream()
                .anyMatch(authority -> Arrays.stream(scopes)
                        .anyMatch(scope -> (SCOPE + scope).equals(authority.getAuthority())));
        return new Needs(List.of(scopes), granted);
    }

    /** One of these scopes. */
    record Needs(List<String> scopes, boolean granted) implements AuthorizationResult {
        @Override
        public boolean isGranted() {
            return granted;
        }
    }
}
