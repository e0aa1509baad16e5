package dev.hivestream.cacherebuilder;

import dev.hivestream.cacherebuilder.RebuilderProperties.Letters;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.letter.DeadLetters;
import dev.hivestream.runtime.letter.Order;
import dev.hivestream.runtime.letter.Place;
import dev.hivestream.runtime.message.Json;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.SerializationFeature;

/** The commands {@code letters}, {@code letter}, {@code resend} and {@code discard}. */
final class LetterDesk {

    private final DeadLetters letters;
    private final RebuilderProperties properties;

    LetterDesk(DeadLetters letters, RebuilderProperties properties) {
        this.letters = letters;
        this.properties = properties;
    }

    Outcome run() {
        List<String> arguments = properties.arguments();
        if (arguments.isEmpty()) {
            throw new StartRefused("Dead letters are those of an aggregate or a saga: letters account");
        }
        String name = arguments.getFirst();
        return switch (properties.command()) {
            case RESEND -> done(letters.resend(name, order()));
            case DISCARD -> done(letters.discard(name, order()));
            case LETTER -> {
                if (arguments.size() != 2) {
                    throw new StartRefused("letter wants an aggregate and a place: letter account 3/17");
                }
                Map<String, Object> letter = letters.show(name, Place.parse(arguments.get(1)));
                yield new Outcome(Outcome.DONE, letter,
                        Json.TOLERANT.writer(SerializationFeature.INDENT_OUTPUT).writeValueAsString(letter)
                                + System.lineSeparator());
            }
            default -> list(name);
        };
    }

    private Order order() {
        Letters asked = properties.letters();
        return new Order(asked.letter() == null ? null : Place.parse(asked.letter()), asked.id(), asked.all(),
                asked.limit(), asked.force(), asked.by() == null ? System.getProperty("user.name") : asked.by(),
                asked.why());
    }

    private Outcome list(String name) {
        List<Map<String, Object>> open = letters.list(name, properties.letters().id(), properties.letters().limit());
        StringBuilder text = new StringBuilder();
        open.forEach(letter -> text.append("%s  %s  %s  %s  %s  %s%n".formatted(letter.get("letter"),
                letter.get("time"), letter.getOrDefault("id", "-"), letter.getOrDefault("type", "-"),
                letter.getOrDefault("commandId", "-"), letter.getOrDefault("reason", "-"))));
        return new Outcome(Outcome.DONE, Map.of("command", "letters", "name", name, "letters", open),
                open.isEmpty() ? "No dead letter of " + name + " is open" + System.lineSeparator() : text.toString());
    }

    private static Outcome done(Map<String, Object> done) {
        StringBuilder text = new StringBuilder("%s %s: %s%s%n".formatted(done.get("count"), done.get("action"),
                done.get("letters"), Boolean.TRUE.equals(done.get("more")) ? ", and there are more" : ""));
        for (Object held : (List<?>) done.getOrDefault("held", List.of())) {
            Map<?, ?> entry = (Map<?, ?>) held;
            text.append("left: %s, %s%n".formatted(entry.get("letter"), entry.get("why")));
        }
        return new Outcome(Outcome.DONE, done, text.toString());
    }
}
