package dev.hivestream.runtime.access;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Who may do what over HTTP, once tokens are wanted: that is as soon as one of
 * {@code spring.security.oauth2.resourceserver.jwt.issuer-uri}, {@code jwk-set-uri} and {@code public-key-location} is set.
 *
 * @param scopes Scopes of a token, for all aggregates.
 * @param aggregates Scopes for single aggregates, by name, in place of those for all.
 */
@ConfigurationProperties("hive.security")
public record AccessProperties(@DefaultValue Scopes scopes, @DefaultValue Map<String, Rule> aggregates) {

    /**
     * Scopes of a token, for all aggregates.
     *
     * @param commands Scope that a token needs to send commands.
     * @param reads Scope that a token needs to read states.
     * @param operations Scope that a token needs for the management endpoints but health, info and prometheus.
     */
    public record Scopes(@DefaultValue("hive.commands") String commands, @DefaultValue("hive.reads") String reads,
            @DefaultValue("hive.operations") String operations) {}

    /**
     * Scopes for a single aggregate.
     *
     * @param commands Scope that a token needs to send it commands.
     * @param reads Scope that a token needs to read its states.
     */
    public record Rule(@Nullable String commands, @Nullable String reads) {}

    /** What a token needs to send commands to an aggregate. */
    String commands(String aggregate) {
        Rule rule = aggregates.get(aggregate);
        return rule == null || rule.commands() == null ? scopes.commands() : rule.commands();
    }

    /** What a token needs to read an aggregate's states. */
    String reads(String aggregate) {
        Rule rule = aggregates.get(aggregate);
        return rule == null || rule.reads() == null ? scopes.reads() : rule.reads();
    }
}
