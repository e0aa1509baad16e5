package dev.hivestream.commandprocessor.http;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The HTTP gateway.
 *
 * @param patience How long an answer is waited for before it is 202 with the place of the result. Prefer: wait=N asks for less.
 * @param maxInFlight Requests that may wait at once; more are answered 429.
 * @param maxQueue How long a command may have to wait for those before it; if it would be longer, it is answered 429.
 * @param publishTimeout How long the client keeps trying to publish a command that it has taken, through an outage of the broker.
 */
@ConfigurationProperties("hive.http")
public record HttpProperties(@DefaultValue("10s") Duration patience, @DefaultValue("10000") int maxInFlight,
        @DefaultValue("5s") Duration maxQueue, @DefaultValue("5m") Duration publishTimeout) {}
