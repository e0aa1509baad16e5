package dev.hivestream.runtime.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.runtime.message.Malformed;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Histories are kept for ever, so the stored form must not depend on names in the code. */
class DoneTest {

    private static final Done DONE = new Done(Done.How.HANDLED, List.of(new Done.Turn(
            List.of(new Done.Sent("charge", "c-1", "bank.charge", "b-1", "{}"), new Done.SentAgain("ship"),
                    new Done.DeadlineSet("late", 7), new Done.DeadlineCancelled("early"), new Done.Overdue("slow"),
                    new Done.Ended(true)),
            null), new Done.Turn(List.of(), "failed")), "parked", 3L);
    private static final String STORED = """
            {"how":"HANDLED","turns":[{"acts":[\
            {"act":"send","step":"charge","commandId":"c-1","type":"bank.charge","to":"b-1","payload":"{}"},\
            {"act":"send-again","step":"ship"},\
            {"act":"deadline","name":"late","due":7},\
            {"act":"cancel-deadline","name":"early"},\
            {"act":"overdue","reason":"slow"},\
            {"act":"end","compensated":true}]},\
            {"acts":[],"failed":"failed"}],"parked":"parked","unsent":3}""";

    @Test
    void the_stored_form() throws Malformed {
        assertThat(new String(DONE.bytes(), StandardCharsets.UTF_8)).isEqualTo(STORED);
        assertThat(Done.read(STORED.getBytes(StandardCharsets.UTF_8))).isEqualTo(DONE);
    }

    @Test
    void what_people_read_is_the_text_of_each_act() {
        assertThat(DONE.texts()).containsExactly("send charge: bank.charge to 'b-1' {}", "send ship again",
                "set the deadline late to 1970-01-01T00:00:00.007Z", "cancel the deadline early",
                "report overdue: slow", "end as compensated", "parked: failed");
    }
}
