package dev.hivestream.runtime.letter;

import java.security.Principal;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.WebEndpoint;

/**
 * {@code /actuator/deadletters}: how many are open, by aggregate or saga; {@code …/<name>?id=…} lists those;
 * {@code …/<name>/<partition>/<offset>} is one of them; a POST to {@code …/<name>/resend} or {@code discard} does that.
 */
@WebEndpoint(id = "deadletters")
public final class DeadLettersEndpoint {

    private static final int LISTED = 100;

    private final DeadLetters letters;

    public DeadLettersEndpoint(DeadLetters letters) {
        this.letters = letters;
    }

    /** How many are open. */
    @ReadOperation
    public WebEndpointResponse<Object> open() {
        return answer(letters::open);
    }

    /** Those that are open. */
    @ReadOperation
    public WebEndpointResponse<Object> list(@Selector String name, @Nullable String id, @Nullable Integer limit) {
        return answer(() -> {
            List<Map<String, Object>> open = letters.list(name, id, limit == null ? LISTED : limit);
            return Map.of("name", name, "letters", open);
        });
    }

    /** One of them. */
    @ReadOperation
    public WebEndpointResponse<Object> show(@Selector String name, @Selector String partition,
            @Selector String offset) {
        return answer(() -> letters.show(name, Place.parse(partition + "/" + offset)));
    }

    /** Sends them again, or discards them. */
    @WriteOperation
    public WebEndpointResponse<Object> act(SecurityContext security, @Selector String name, @Selector String action,
            @Nullable String letter, @Nullable String id, @Nullable Boolean all, @Nullable Integer limit,
            @Nullable Boolean force, @Nullable String why) {
        return answer(() -> {
            Order order = new Order(letter == null ? null : Place.parse(letter), id, Boolean.TRUE.equals(all),
                    limit == null ? Order.LIMIT : limit, Boolean.TRUE.equals(force), who(security), why);
            return switch (action) {
                case "resend" -> letters.resend(name, order);
                case "discard" -> letters.discard(name, order);
                default -> throw new Refused(Refused.Why.UNKNOWN,
                        "There is no action '" + action + "'; known are resend and discard");
            };
        });
    }

    private static String who(SecurityContext security) {
        Principal principal = security.getPrincipal();
        return principal == null ? "somebody over HTTP, where no tokens are wanted" : principal.getName();
    }

    private static WebEndpointResponse<Object> answer(Supplier<Object> work) {
        try {
            return new WebEndpointResponse<>(work.get());
        } catch (Refused e) {
            return new WebEndpointResponse<>(Map.of("detail", String.valueOf(e.getMessage())), switch (e.why()) {
                case UNKNOWN -> WebEndpointResponse.STATUS_NOT_FOUND;
                case WRONG -> WebEndpointResponse.STATUS_BAD_REQUEST;
                case CONFLICT -> 409;
                case BUSY -> WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE;
            });
        } catch (KafkaException e) {
            return new WebEndpointResponse<>(Map.of("detail", "The broker does not answer: " + e.getMessage()),
                    WebEndpointResponse.STATUS_SERVICE_UNAVAILABLE);
        }
    }
}
