package dev.hivestream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class AggregateTest {

    @Test
    void an_aggregate_does_not_hide_the_results_of_commands() {
        assertThatIllegalArgumentException().isThrownBy(() -> named("results"))
                .withMessageContaining("cannot be named 'results'");
    }

    @Test
    void a_name_is_lower_case_words_joined_by_hyphens() {
        String form = "is not of the form lower-case-words-joined-by-hyphens (63 characters at most)";

        assertThatIllegalArgumentException().isThrownBy(() -> named("Account"))
                .withMessage("The aggregate name 'Account' " + form);
        assertThatIllegalArgumentException().isThrownBy(() -> named("account").command("open_it", String.class))
                .withMessage("The command name 'open_it' " + form);
        assertThatIllegalArgumentException().isThrownBy(() -> named("account").event("", String.class))
                .withMessage("The event name '' " + form);
    }

    @Test
    void a_rejection_code_is_lower_case_words_joined_by_hyphens() {
        assertThatIllegalArgumentException().isThrownBy(() -> Decision.reject("No funds", "")).withMessage(
                "The rejection code 'No funds' is not of the form lower-case-words-joined-by-hyphens (64 characters at most)");
    }

    @Test
    void an_aggregate_has_a_command_and_an_event() {
        assertThatIllegalArgumentException().isThrownBy(() -> named("account").event("opened", String.class).build())
                .withMessage("The aggregate 'account' declares no command");
        assertThatIllegalArgumentException().isThrownBy(() -> named("account").command("open", String.class).build())
                .withMessage("The aggregate 'account' declares no event");
    }

    @Test
    void a_name_is_declared_once() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> named("account").command("open", String.class).event("open", String.class))
                .withMessage("The aggregate 'account' declares the name 'open' twice");
    }

    @Test
    void a_class_has_one_name() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> named("account").command("open", String.class).event("opened", String.class)
                        .event("reopened", String.class).build())
                .withMessage("The aggregate 'account' declares java.lang.String under two names");
    }

    @Test
    void each_upcaster_raises_the_payload_version_by_one() {
        assertThat(named("account").command("open", String.class)
                .event("opened", String.class, payload -> payload, payload -> payload).build().events())
                .hasEntrySatisfying("opened", event -> assertThat(event.version()).isEqualTo(3));
        assertThatIllegalArgumentException().isThrownBy(() -> new EventType<>("opened", String.class, 2, List.of()))
                .withMessage("Event 'opened' of version 2 needs 1 upcasters, one from each older version; it has 0");
    }

    private static Aggregate.Builder<String, Integer, String> named(String name) {
        return Aggregate.named(name, new Counter(), Integer.class);
    }
}
