package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.commandprocessor.IdentifiedCommand.Recognition;
import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.message.CommandIdentity;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Malformed;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class IdentifiedCommandTest {

    private static final String HTTP = "/hive/http";
    private static final String SAGA = "/hive/saga/pay";

    private final Snapshot<String> snapshot = Snapshot.initial("");

    @Test
    void the_same_source_id_type_and_body_are_the_same_command() throws Malformed {
        decided(command(HTTP, "c", "a.put", "{\"x\":1,\"y\":2}", null));

        assertThat(recognized(command(HTTP, "c", "a.put", "{ \"y\" : 2, \"x\" : 1 }", null))).isEqualTo(repeated());
        assertThat(recognized(command(HTTP, "d", "a.put", "{\"x\":1,\"y\":2}", null))).isEqualTo(new Recognition.New());
    }

    @Test
    void another_type_or_body_under_a_used_id_is_recognized() throws Malformed {
        decided(command(HTTP, "c", "a.put", "{\"x\":1}", null));

        assertThat(recognized(command(HTTP, "c", "a.put", "{\"x\":1.0}", null))).isEqualTo(new Recognition.Reused());
        assertThat(recognized(command(HTTP, "c", "a.take", "{\"x\":1}", null))).isEqualTo(new Recognition.Reused());
        assertThatThrownBy(() -> recognized(command(HTTP, "c", "a.put", "{", null))).isInstanceOf(Malformed.class);
    }

    @Test
    void nobody_uses_up_the_ids_of_another_sender() throws Malformed {
        decided(command(HTTP, "c", "a.put", "{}", null));

        for (String source : new String[]{SAGA, "", "billing", HTTP + "/0123456789abcdef0123456789abcdef"}) {
            assertThat(recognized(command(source, "c", "a.put", "{}", null))).as(source)
                    .isEqualTo(new Recognition.New());
        }
    }

    @Test
    void a_source_that_is_absent_is_empty() throws Malformed {
        decided(command(null, "c", "a.put", "{}", null));

        assertThat(recognized(command("", "c", "a.put", "{}", null))).isEqualTo(repeated());
    }

    @Test
    void a_copy_of_a_sagas_command_gets_the_first_answer_whatever_its_body() throws Malformed {
        decided(command(SAGA, "c", "a.put", "{\"x\":1}", "pay:p-1"));

        assertThat(recognized(command(SAGA, "c", "a.put", "{\"x\":1,\"new\":true}", "pay:p-1"))).isEqualTo(repeated());
        assertThat(recognized(command(SAGA, "c", "a.put", "{", "pay:p-1"))).isEqualTo(repeated());
    }

    @Test
    void events_of_format_1_are_matched_by_the_id_alone() throws Malformed {
        snapshot.advance("", CommandIdentity.legacy("c"), 256);

        for (String source : new String[]{HTTP, "", "billing", HTTP + "/0123456789abcdef0123456789abcdef"}) {
            assertThat(recognized(command(source, "c", "a.put", "{}", null))).as(source).isEqualTo(repeated());
        }
        assertThat(recognized(command(SAGA, "c", "a.put", "{}", "pay:p-1"))).isEqualTo(new Recognition.New());
    }

    @Test
    void events_of_format_1_of_a_saga_match_the_commands_of_the_same_instance_only() throws Malformed {
        snapshot.advance("", CommandIdentity.legacy(utf8("c"), utf8("pay:p-1")), 256);

        assertThat(recognized(command(SAGA, "c", "a.put", "{}", "pay:p-1"))).isEqualTo(repeated());
        assertThat(recognized(command(SAGA, "c", "a.put", "{}", "pay:p-2"))).isEqualTo(new Recognition.New());
        assertThat(recognized(command(HTTP, "c", "a.put", "{}", null))).isEqualTo(new Recognition.New());
    }

    @Test
    void a_command_of_a_gateway_of_format_1_is_identified_as_there() throws Malformed {
        Incoming old = command(HTTP + "/pod-0", "c", "a.put", "{}", null);
        assertThat(identified(old).identity()).isEqualTo(CommandIdentity.legacy("c"));
        decided(old);

        assertThat(recognized(old)).isEqualTo(repeated());
        assertThat(recognized(command(HTTP + "/pod-1", "c", "a.put", "{}", null))).isEqualTo(repeated());
        assertThat(recognized(command(HTTP, "c", "a.put", "{}", null))).isEqualTo(repeated());
        assertThat(recognized(command(HTTP + "/0123456789abcdef0123456789abcdef", "c", "a.put", "{}", null)))
                .isEqualTo(repeated());
    }

    @Test
    void a_gateway_of_format_1_may_repeat_what_came_over_one_of_format_2() throws Malformed {
        decided(command(HTTP, "c", "a.put", "{}", null));

        assertThat(recognized(command(HTTP + "/pod-0", "c", "a.put", "{}", null))).isEqualTo(repeated());
    }

    private void decided(Incoming command) throws Malformed {
        snapshot.advance("", identified(command).identity(), 256);
    }

    private static Recognition repeated() {
        return new Recognition.Repeated(new Snapshot.Versions(1, 1));
    }

    private Recognition recognized(Incoming command) throws Malformed {
        return identified(command).recognize(snapshot);
    }

    private static IdentifiedCommand identified(Incoming command) {
        return new IdentifiedCommand(command, "a", String.valueOf(command.header(Header.ID)));
    }

    private static Incoming command(@Nullable String source, String id, String type, String body,
            @Nullable String saga) {
        Map<String, Object> headers = new HashMap<>(Map.of(Header.ID, utf8(id), Header.TYPE, utf8(type)));
        if (source != null) {
            headers.put(Header.SOURCE, utf8(source));
        }
        if (saga != null) {
            headers.put(Header.SAGA, utf8(saga));
        }
        return new Incoming(new TopicPartition("a.commands", 0), 0, utf8("a"), headers, utf8(body));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
