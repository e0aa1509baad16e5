package dev.hivestream.local.faults.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.model.Saga;
import dev.hivestream.model.Signal;
import dev.hivestream.model.Signal.Answer.Accepted;
import dev.hivestream.model.Signal.Answer.Rejected;
import dev.hivestream.model.Signal.Answered;
import dev.hivestream.model.Signal.DeadlineReached;
import dev.hivestream.model.Signal.Happened;
import dev.hivestream.model.fixture.SagaFixture;
import dev.hivestream.samples.review.ReviewEvent.ReviewApproved;
import dev.hivestream.samples.review.ReviewEvent.ReviewRefused;
import dev.hivestream.samples.transfer.TransferEvent.TransferRequested;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ApprovedTransferTest {

    private static final List<Code> CODES = IntStream.range(0, 200).mapToObj(Code::of).toList();

    @Test
    void every_sound_code_leads_a_transfer_to_its_end() {
        CODES.stream().filter(Code::isSound).forEach(code -> {
            String renamed = code.renamed() ? "-money" : "";
            var requested = SagaFixture.of(ApprovedTransfers.of(code)).when("transfer", "t-1",
                    new TransferRequested("ada", "bob", 50)).whenTimePasses(Duration.ofSeconds(1));
            var withdrawn = requested.when("review", "t-1", new ReviewApproved("eve"))
                    .whenTimePasses(code.answerWithin()).whenAccepted("withdraw" + renamed);
            withdrawn.whenAccepted("deposit" + renamed).thenActive().whenAccepted("complete" + renamed)
                    .thenCompleted();
            withdrawn.whenRejected("deposit" + renamed, "closed").whenAccepted("refund" + renamed).thenActive()
                    .whenAccepted("mark-refunded" + renamed).thenCompensated();
            requested.when("review", "t-1", new ReviewRefused("eve", "no")).thenActive()
                    .whenAccepted("refuse" + renamed).thenCompleted();
        });
    }

    @Test
    void codes_with_the_same_evolve_version_fold_the_same_states() {
        Instant time = Instant.parse("2026-03-01T12:00:00Z");
        List<Signal<Record>> past = List.of(
                new Happened<>(new TransferRequested("ada", "bob", 50), "transfer", "t-1", time),
                new DeadlineReached<>(ApprovedTransfer.REMINDER, time),
                new Happened<>(new ReviewApproved("eve"), "review", "t-1", time),
                new Answered<>("note-withdraw-before0", new Accepted(), time),
                new Answered<>("withdraw-money", new Accepted(), time),
                new Answered<>("deposit", new Rejected("closed", null), time));
        Map<Integer, ApprovedTransfer.State> states = new HashMap<>();
        CODES.stream().filter(code -> code.failure() != Code.Failure.EVOLVE).forEach(code -> {
            Saga<Record, ApprovedTransfer.State, Record> saga = ApprovedTransfers.of(code).saga();
            ApprovedTransfer.State state = saga.initialState();
            for (Signal<Record> signal : past) {
                state = saga.evolve(state, signal);
            }
            assertThat(states.merge(code.evolveVersion(), state, (before, _) -> before)).isEqualTo(state);
        });
        assertThat(states).hasSize(3);
        assertThat(Set.copyOf(states.values())).hasSize(3);
    }

    @Test
    void codes_fail_in_all_ways_and_what_cannot_be_folded_has_an_evolve_version_of_its_own() {
        assertThat(CODES.stream().map(Code::failure).collect(Collectors.toSet()))
                .isEqualTo(EnumSet.allOf(Code.Failure.class));
        assertThat(CODES.stream().filter(code -> code.failure() == Code.Failure.EVOLVE).map(Code::evolveVersion))
                .doesNotHaveDuplicates().allMatch(version -> version > 3);
    }
}
