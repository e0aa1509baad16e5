package dev.hivestream.runtime.property;

import static dev.hivestream.local.check.Made.cases;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.check.Made;
import dev.hivestream.model.Aggregate;
import dev.hivestream.model.CommandType;
import dev.hivestream.model.Decision;
import dev.hivestream.samples.SampleDomain;
import dev.hivestream.samples.account.Account;
import dev.hivestream.samples.account.AccountCommand.CloseAccount;
import dev.hivestream.samples.account.AccountEvent.Deposited;
import dev.hivestream.samples.account.AccountEvent.Withdrawn;
import dev.hivestream.samples.content.Content;
import dev.hivestream.samples.transfer.Transfer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DeciderPropertiesTest {

    private static final int CASES = 300;

    /** What a life of an aggregate is: a command, the state that it met, what became of it, the state after it. */
    private record Step<C, S, E>(C command, S before, Decision<E> decision, S after) {}

    private interface Look<C, S, E> {
        void at(Step<C, S, E> step);
    }

    static List<Aggregate<?, ?, ?>> aggregates() {
        return new SampleDomain().aggregates();
    }

    @ParameterizedTest
    @MethodSource("aggregates")
    <C, S, E> void whatever_it_is_asked_a_decider_answers_the_same_twice_and_can_fold_what_it_said(
            Aggregate<C, S, E> aggregate) {
        cases(CASES, made -> live(made, aggregate, step -> {
            assertThat(aggregate.decider().decide(step.command, step.before)).isEqualTo(step.decision);
            if (step.decision instanceof Decision.Rejected<E>(String code, String reason)) {
                assertThat(code).matches("[a-z][a-z0-9-]*");
                assertThat(reason).isNotBlank();
                assertThat(step.after).isEqualTo(step.before);
            }
        }));
    }

    @Test
    void an_account_holds_what_came_in_without_what_went_out_and_never_less_than_nothing() {
        cases(CASES, made -> {
            long[] sum = {0};
            live(made, SampleDomain.ACCOUNT, step -> {
                if (step.decision instanceof Decision.Accepted<?>(List<?> events)) {
                    events.forEach(event -> sum[0] += switch (event) {
                        case Deposited(long amount, _) -> amount;
                        case Withdrawn(long amount) -> -amount;
                        default -> 0;
                    });
                }
                assertThat(step.after.balance()).isEqualTo(sum[0]).isNotNegative();
                assertThat(step.after.status()).isGreaterThanOrEqualTo(step.before.status());
                if (step.before.status() == Account.Status.CLOSED) {
                    assertThat(step.decision).isInstanceOf(Decision.Rejected.class);
                }
                if (step.command instanceof CloseAccount && step.decision instanceof Decision.Accepted) {
                    assertThat(step.before.balance()).isZero();
                }
            });
        });
    }

    @Test
    void content_that_exists_has_a_text_of_a_good_length() {
        cases(CASES, made -> live(made, SampleDomain.CONTENT, step -> {
            Content content = step.after;
            if (step.before.exists()) {
                assertThat(content.exists()).isTrue();
            }
            if (content.exists()) {
                assertThat(content.text().codePointCount(0, content.text().length())).isBetween(2, 280);
            }
        }));
    }

    @Test
    void a_transfer_ends_once() {
        cases(CASES, made -> live(made, SampleDomain.TRANSFER, step -> {
            if (step.before.status() != Transfer.Status.NONE && step.before.status() != Transfer.Status.REQUESTED) {
                assertThat(step.after).isEqualTo(step.before);
            }
        }));
    }

    private static <C, S, E> void live(Made made, Aggregate<C, S, E> aggregate, Look<C, S, E> look) {
        List<CommandType<C>> types = List.copyOf(aggregate.commands().values());
        S state = aggregate.decider().initialState();
        for (int i = 0; i < 30; i++) {
            C command = made.record(made.oneOf(types).type());
            Decision<E> decision = aggregate.decider().decide(command, state);
            S after = state;
            if (decision instanceof Decision.Accepted<E>(List<E> events)) {
                for (E event : events) {
                    after = aggregate.decider().evolve(after, event);
                }
            }
            look.at(new Step<>(command, state, decision, after));
            state = after;
        }
    }
}
