package dev.hivestream.local.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.local.check.Operation.What;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LinearizabilityTest {

    private final List<Event> events = new ArrayList<>();
    private final List<Operation> operations = new ArrayList<>();

    private void opened() {
        log("opened", "open", "{\"owner\":\"o\"}");
        accepted("open", "open", "{\"owner\":\"o\"}", 0, 10, 1);
        log("deposited", "five", "{\"amount\":5}");
        accepted("five", "deposit", "{\"amount\":5}", 20, 40, 2);
    }

    @Test
    void finds_nothing_where_an_order_fits() {
        opened();
        read(0, 5, 0, "{}");
        read(30, 35, 1, "{\"status\":\"OPEN\",\"owner\":\"o\",\"balance\":0}");
        read(31, 36, 2, "{\"status\":\"OPEN\",\"owner\":\"o\",\"balance\":5}");
        rejected("much", "withdraw", "{\"amount\":6}", 25, 45, 1, "insufficient-funds");
        rejected("more", "withdraw", "{\"amount\":6}", 25, 45, 2, "insufficient-funds");
        assertThat(check()).isEmpty();
    }

    @Test
    void lets_an_operation_without_an_answer_take_place_at_any_later_time_or_never() {
        opened();
        operations.add(Operation.unsure("account", "ada", "never", "deposit", "{\"amount\":1}", null, 11));
        operations.add(Operation.unsure("account", "ada", "late", "deposit", "{\"amount\":2}", null, 12));
        log("deposited", "late", "{\"amount\":2}");
        read(90, 99, 3, "{\"status\":\"OPEN\",\"owner\":\"o\",\"balance\":7}");
        assertThat(check()).isEmpty();
    }

    @Test
    void catches_a_read_that_goes_back() {
        opened();
        read(50, 60, 1, "{\"status\":\"OPEN\",\"owner\":\"o\",\"balance\":0}");
        assertThat(check()).singleElement().asString().contains("account 'ada'", "READ");
    }

    @Test
    void catches_a_read_of_what_is_not_written_yet() {
        opened();
        read(11, 19, 2, "{\"status\":\"OPEN\",\"owner\":\"o\",\"balance\":5}");
        assertThat(check()).hasSize(1);
    }

    @Test
    void catches_a_state_that_is_not_the_fold() {
        opened();
        read(50, 60, 2, "{\"status\":\"OPEN\",\"owner\":\"o\",\"balance\":6}");
        assertThat(check()).hasSize(1);
    }

    @Test
    void catches_a_refusal_that_the_state_does_not_justify() {
        opened();
        rejected("why", "withdraw", "{\"amount\":5}", 50, 60, 2, "insufficient-funds");
        assertThat(check()).hasSize(1);
    }

    @Test
    void catches_a_command_that_was_accepted_before_it_was_sent() {
        opened();
        log("deposited", "early", "{\"amount\":1}");
        accepted("early", "deposit", "{\"amount\":1}", 100, 110, 3);
        read(50, 60, 3, "{\"status\":\"OPEN\",\"owner\":\"o\",\"balance\":6}");
        assertThat(check()).hasSize(1);
    }

    @Test
    void catches_a_decision_on_a_stale_state() {
        opened();
        log("withdrawn", "beyond", "{\"amount\":9}");
        accepted("beyond", "withdraw", "{\"amount\":9}", 50, 60, 3);
        assertThat(check()).hasSize(1);
    }

    @Test
    void knows_expected_versions() {
        opened();
        operations.add(Operation.unsure("account", "ada", "if", "deposit", "{\"amount\":1}", 1L, 50)
                .answered(What.REJECTED, 60, null, 2, "hive.expected-version"));
        assertThat(check()).isEmpty();
        operations.add(Operation.unsure("account", "ada", "iff", "deposit", "{\"amount\":1}", 2L, 61)
                .answered(What.REJECTED, 70, null, 2, "hive.expected-version"));
        assertThat(check()).hasSize(1);
    }

    private List<String> check() {
        return Linearizability.check(new EventLog(events, Map.of()), operations, Map.of());
    }

    private void log(String type, String commandId, String payload) {
        int offset = events.size();
        events.add(
                new Event("account", 3, offset, "ada", offset + 1, "account." + type, commandId, "", "topic:" + offset,
                        payload));
    }

    private void accepted(String commandId, String command, String body, long begun, long ended, long version) {
        operations.add(Operation.unsure("account", "ada", commandId, command, body, null, begun)
                .answered(What.ACCEPTED, ended, version, version, ""));
    }

    private void rejected(String commandId, String command, String body, long begun, long ended, long version,
            String code) {
        operations.add(Operation.unsure("account", "ada", commandId, command, body, null, begun)
                .answered(What.REJECTED, ended, null, version, code));
    }

    private void read(long begun, long ended, long version, String state) {
        operations.add(Operation.read("account", "ada", begun, ended, version, Json.read(state)));
    }
}
