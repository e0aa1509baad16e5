package dev.hivestream.local.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.local.check.Topics.Entry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SampleFoldTest {

    @Test
    void folds_content() {
        assertThat(SampleFold.of(List.of(event("content.created", "{\"text\":\"a\",\"enabled\":false}"),
                event("content.enabled", "{}"), event("content.edited", "{\"text\":\"b\"}"))))
                .isEqualTo(Json.read("{\"enabled\":true,\"text\":\"b\"}"));
    }

    @Test
    void folds_accounts() {
        assertThat(SampleFold.of(List.of(event("account.opened", "{\"owner\":\"ada\"}"),
                event("account.deposited", "{\"amount\":5000000000}"), event("account.withdrawn", "{\"amount\":1}"))))
                .isEqualTo(Json.read("{\"status\":\"OPEN\",\"owner\":\"ada\",\"balance\":4999999999}"));
    }

    @Test
    void refuses_events_that_it_does_not_know() {
        assertThatThrownBy(() -> SampleFold.of(List.of(event("account.renamed", "{}"))))
                .hasMessage("Unknown event account.renamed");
    }

    private static Entry event(String type, String value) {
        return new Entry(0, 0, "id", Map.of("ce_type", type), value);
    }
}
