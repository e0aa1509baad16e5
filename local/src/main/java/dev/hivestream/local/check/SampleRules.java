package dev.hivestream.local.check;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** What the samples {@code content} and {@code account} decide, written down a second time. */
final class SampleRules {

    private SampleRules() {}

    /** The code of the refusal; empty if the command is accepted. */
    static String refusal(String aggregate, String command, JsonNode body, JsonNode state) {
        return aggregate.equals("account") ? account(command, body, state) : content(command, body, state);
    }

    private static String account(String command, JsonNode body, JsonNode state) {
        long balance = state.path("balance").asLong();
        long amount = body.path("amount").asLong();
        return switch (state.path("status").asString("")) {
            case "" -> command.equals("open") ? "" : "not-open";
            case "CLOSED" -> "closed";
            default -> switch (command) {
                case "open" -> "already-open";
                case "close" -> balance == 0 ? "" : "balance-not-zero";
                case "deposit" -> amount > 0 ? "" : "amount-not-positive";
                case "withdraw" ->
                    amount <= 0 ? "amount-not-positive" : amount > balance ? "insufficient-funds" : "";
                default -> throw new IllegalStateException("Unknown command " + command);
            };
        };
    }

    private static String content(String command, JsonNode body, JsonNode state) {
        boolean exists = state.has("text");
        boolean enabled = state.path("enabled").asBoolean(false);
        int length = body.path("text").asString("").length();
        if (command.equals("create")) {
            return exists ? "already-exists" : length < 2 || length > 280 ? "text-length" : "";
        }
        if (!exists) {
            return "not-found";
        }
        return switch (command) {
            case "edit" -> isSame(body, state) || length >= 2 && length <= 280 ? "" : "text-length";
            case "enable" -> enabled ? "already-enabled" : "";
            case "disable" -> enabled ? "" : "already-disabled";
            default -> throw new IllegalStateException("Unknown command " + command);
        };
    }

    /** Whether the events are those that an accepted command has in a state. */
    static boolean follows(String command, JsonNode body, JsonNode state, List<Event> events) {
        if (command.equals("edit") && isSame(body, state)) {
            return events.isEmpty();
        }
        return events.size() == 1 && events.getFirst().type().endsWith("." + past(command))
                && body.properties().stream()
                        .allMatch(part -> part.getValue().equals(Json.read(events.getFirst().payload())
                                .path(part.getKey())));
    }

    private static boolean isSame(JsonNode body, JsonNode state) {
        return body.path("text").equals(state.path("text"));
    }

    private static String past(String command) {
        return switch (command) {
            case "open" -> "opened";
            case "close" -> "closed";
            case "deposit" -> "deposited";
            case "withdraw" -> "withdrawn";
            case "create" -> "created";
            case "edit" -> "edited";
            case "enable" -> "enabled";
            case "disable" -> "disabled";
            default -> throw new IllegalStateException("Unknown command " + command);
        };
    }
}
