package dev.hivestream.local.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.check.CacheDump.Generation;
import dev.hivestream.local.check.CacheDump.Snapshot;
import dev.hivestream.local.check.History.Answer;
import dev.hivestream.local.check.History.Outcome;
import dev.hivestream.local.check.Violation.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CheckerTest {

    private static final Generation G1 = new Generation("account:3", "g1-abc");

    private final List<Event> events = new ArrayList<>();
    private final List<Snapshot> snapshots = new ArrayList<>();
    private final Map<Generation, Long> checkpoints = new HashMap<>();
    private final History history = new History();

    @Test
    void finds_nothing_in_a_clean_history() {
        cleanHistory();
        assertThat(check()).isEmpty();
    }

    @Test
    void lets_the_cache_lag_behind_the_log_if_it_is_the_fold_of_what_it_reflects() {
        cleanHistory();
        snapshots.clear();
        cached(2, 100);
        checkpoints.put(G1, 2L);
        assertThat(check()).isEmpty();
    }

    @Test
    void lets_a_command_without_an_answer_have_events_or_none() {
        cleanHistory();
        history.sent("nobody-knows");
        history.sent("decided");
        appended("deposited", "decided", "{\"amount\":1}");
        assertThat(check()).isEmpty();
    }

    @Test
    void lets_a_command_be_accepted_without_events_and_answered_twice_alike() {
        cleanHistory();
        history.answered(new Answer("no-change", "account", "ada", Outcome.ACCEPTED, null, 3L));
        history.answered(new Answer("second", "account", "ada", Outcome.ACCEPTED, 2L, 2L));
        assertThat(check()).isEmpty();
    }

    @Test
    void catches_a_gap() {
        cleanHistory();
        events.remove(1);
        assertThat(check()).contains(Kind.GAP, Kind.LOST_ANSWER);
    }

    @Test
    void catches_a_version_that_comes_again() {
        cleanHistory();
        history.sent("zombie");
        events.add(event(3, "deposited", "zombie", "{\"amount\":1}"));
        assertThat(check()).containsExactly(Kind.REPEATED_VERSION);
    }

    @Test
    void catches_a_command_that_was_decided_twice() {
        cleanHistory();
        events.add(
                new Event("account", 3, 3, "ada", 4, "account.deposited", "third", "", "topic:77", "{\"amount\":50}"));
        assertThat(check()).containsExactly(Kind.REPEATED_COMMAND, Kind.WRONG_ANSWER);
    }

    @Test
    void catches_an_event_of_a_command_that_nobody_sent() {
        cleanHistory();
        appended("deposited", "from-nowhere", "{\"amount\":1}");
        assertThat(check()).containsExactly(Kind.UNKNOWN_COMMAND);
    }

    @Test
    void catches_an_event_in_the_wrong_partition() {
        cleanHistory();
        history.sent("astray");
        events.add(
                new Event("account", 4, 0, "ada", 4, "account.deposited", "astray", "", "topic:0", "{\"amount\":1}"));
        assertThat(check()).contains(Kind.WRONG_PARTITION);
    }

    @Test
    void catches_a_lost_answer() {
        cleanHistory();
        history.answered(new Answer("acknowledged", "account", "ada", Outcome.ACCEPTED, 4L, 4L));
        assertThat(check()).containsExactly(Kind.LOST_ANSWER);
    }

    @Test
    void catches_an_answer_with_other_versions() {
        cleanHistory();
        history.sent("fourth");
        appended("deposited", "fourth", "{\"amount\":1}");
        history.answered(new Answer("fourth", "account", "ada", Outcome.ACCEPTED, 5L, 5L));
        assertThat(check()).containsExactly(Kind.WRONG_ANSWER);
    }

    @Test
    void catches_a_rejected_command_with_events() {
        cleanHistory();
        history.answered(new Answer("third", "account", "ada", Outcome.REJECTED, null, 2L));
        assertThat(check()).containsExactly(Kind.REJECTED_WITH_EVENTS);
    }

    @Test
    void catches_a_cache_that_leads_the_log() {
        cleanHistory();
        snapshots.clear();
        cached(4, 151);
        assertThat(check()).containsExactly(Kind.CACHE_LEADS);
    }

    @Test
    void catches_a_state_that_is_not_the_fold() {
        cleanHistory();
        snapshots.clear();
        cached(3, 151);
        assertThat(check()).containsExactly(Kind.CACHE_DIFFERS);
    }

    @Test
    void catches_a_snapshot_that_is_not_at_its_checkpoint_or_missing() {
        cleanHistory();
        snapshots.clear();
        cached(2, 100);
        assertThat(check()).containsExactly(Kind.CACHE_DIFFERS);
        snapshots.clear();
        assertThat(check()).containsExactly(Kind.CACHE_DIFFERS);
    }

    @Test
    void catches_a_checkpoint_beyond_the_log() {
        cleanHistory();
        checkpoints.put(G1, 9L);
        assertThat(check()).containsExactly(Kind.CHECKPOINT_BEYOND_LOG);
    }

    private void cleanHistory() {
        accepted("opened", "first", "{\"owner\":\"ada\"}");
        accepted("deposited", "second", "{\"amount\":100}");
        accepted("deposited", "third", "{\"amount\":50}");
        history.answered(new Answer("refused", "account", "ada", Outcome.REJECTED, null, 3L));
        cached(3, 150);
        checkpoints.put(G1, 3L);
    }

    private void accepted(String type, String commandId, String payload) {
        appended(type, commandId, payload);
        long version = events.size();
        history.answered(new Answer(commandId, "account", "ada", Outcome.ACCEPTED, version, version));
    }

    private void appended(String type, String commandId, String payload) {
        events.add(event(events.size() + 1, type, commandId, payload));
    }

    private Event event(long version, String type, String commandId, String payload) {
        return new Event("account", 3, events.size(), "ada", version, "account." + type, commandId,
                "", "topic:" + events.size(), payload);
    }

    private void cached(long version, long balance) {
        snapshots.add(new Snapshot(G1, "ada", version,
                Json.read("{\"status\":\"OPEN\",\"owner\":\"ada\",\"balance\":" + balance + "}"), null));
    }

    private List<Kind> check() {
        var log = new EventLog(events, Map.of("account:3", (long) events.size()));
        return Checker.check(log, new CacheDump(snapshots, checkpoints, Set.of(G1)), history, Checker.sampleFolds())
                .stream().map(Violation::kind).toList();
    }
}
