package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.commandprocessor.Wired.In;
import dev.hivestream.commandprocessor.Wired.Out;
import dev.hivestream.runtime.message.Header;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Commands that a saga sent: their answers find their way back, and none takes effect twice. */
class SagaCommandTest {

    private static Wired app;
    private static String ask;

    @BeforeAll
    static void start() {
        app = Wired.start("--hive.instance=sagas", "--hive.decide.remembered=2");
        ask = app.names.getFirst();
        app.own(ask);
    }

    @AfterAll
    static void stop() {
        app.close();
    }

    @Test
    void events_and_results_name_the_instance_the_step_and_the_copy() {
        List<Out> out = app.decide(copy(app.put(ask, "named", 1), 1));
        assertThat(out).hasSize(2).allSatisfy(message -> {
            assertThat(message.header(Header.SAGA)).isEqualTo("pay:p-1");
            assertThat(message.header(Header.SAGA_STEP)).isEqualTo("charge");
            assertThat(message.header(Header.SAGA_ATTEMPT)).isEqualTo("1");
        });
    }

    @Test
    void a_dead_letter_that_is_sent_again_is_not_decided_for_its_saga_has_an_answer() {
        Out result = theOnly(app.decide(copy(app.put(ask, "dead", 1), 1).with(Header.DEAD_REASON, "a bug")));
        assertThat(result.json()).contains("\"failed\"").contains("hive.answered");
        // one that no saga sent is
        assertThat(app.decide(app.put(ask, "dead", 1).with(Header.DEAD_REASON, "a bug"))).hasSize(2);
    }

    @Test
    void a_further_copy_gives_the_answer_of_the_first() {
        In first = copy(app.put(ask, "copied", 1), 1);
        assertThat(app.decide(first)).hasSize(2);
        Out result = theOnly(app.decide(again(first, "copied")));
        assertThat(result.json()).contains("\"accepted\"").contains("\"version\":1");
        assertThat(result.header(Header.SAGA_ATTEMPT)).isEqualTo("2");
    }

    @Test
    void a_further_copy_that_may_have_been_forgotten_is_not_decided() {
        In first = copy(app.put(ask, "busy", 1), 1);
        app.decide(first);
        app.decide(app.put(ask, "busy", 1), app.put(ask, "busy", 1));
        Out result = theOnly(app.decide(again(first, "busy")));
        assertThat(result.json()).contains("\"failed\"").contains("hive.forgotten");
    }

    @Test
    void a_further_copy_is_decided_where_nothing_is_forgotten() {
        In first = copy(app.put(ask, "refused", -1), 1);
        assertThat(theOnly(app.decide(first)).json()).contains("\"rejected\"");
        assertThat(theOnly(app.decide(again(first, "refused"))).json()).contains("\"rejected\"");
    }

    /** A client can work out the id of a saga's command; used over HTTP it is another command. */
    @Test
    void a_client_that_uses_the_id_first_takes_nothing_from_the_saga() {
        In first = copy(app.put(ask, "forged", 1), 1);
        In forged = app.put(ask, "forged", 1).with(Header.ID, text(first, Header.ID)).with(Header.SOURCE, "/hive/http");
        assertThat(app.decide(forged)).hasSize(2);
        List<Out> out = app.decide(new In(first.topic(), first.partition(), app.put(ask, "forged", 1).offset(),
                first.key(),
                first.headers(), first.json()));
        assertThat(out).hasSize(2);
        assertThat(out.getFirst().header("ce_sequence")).isEqualTo("2");
    }

    @Test
    void a_copy_with_another_body_gets_the_first_answer() {
        In first = copy(app.put(ask, "rewritten", 1), 1);
        assertThat(app.decide(first)).hasSize(2);
        In again = again(first, "rewritten");
        Out result = theOnly(app.decide(new In(again.topic(), again.partition(), again.offset(), again.key(),
                again.headers(), "{\"events\":2}")));
        assertThat(result.json()).contains("\"accepted\"").contains("\"version\":1");
    }

    @Test
    void a_saga_hears_that_its_command_is_for_an_id_that_is_none() {
        List<Out> out = app.decide(copy(app.put(ask, "a/b", 1), 1));
        assertThat(out).extracting(Out::topic).containsExactlyInAnyOrder(ask + ".commands.dlq", ask + ".results");
        Out result = out.stream().filter(message -> message.topic().endsWith(".results")).findFirst().orElseThrow();
        assertThat(result.json()).contains("\"failed\"").contains("hive.malformed").contains("'/' at index 1");
        assertThat(result.header(Header.SAGA_STEP)).isEqualTo("charge");
    }

    private static String text(In command, String header) {
        return new String((byte[]) command.headers().get(header), java.nio.charset.StandardCharsets.UTF_8);
    }

    private static In copy(In command, int attempt) {
        return command.with(Header.SOURCE, "/hive/saga/pay").with(Header.SAGA, "pay:p-1")
                .with(Header.SAGA_STEP, "charge").with(Header.SAGA_ATTEMPT,
                        "" + attempt);
    }

    /** The second copy, at an offset of its own. */
    private static In again(In first, String id) {
        In place = app.put(ask, id, 1);
        return copy(
                new In(first.topic(), first.partition(), place.offset(), first.key(), first.headers(), first.json()),
                2);
    }

    private static Out theOnly(List<Out> out) {
        assertThat(out).hasSize(1);
        return out.getFirst();
    }
}
