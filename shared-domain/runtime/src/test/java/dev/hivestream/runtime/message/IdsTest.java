package dev.hivestream.runtime.message;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdsTest {

    @ParameterizedTest
    @ValueSource(strings = {"a", "tools", "a b", "a+b", "a:b@c", "..a", "a..", "...", ".a", "a.b", "a?b#c",
            "w:1}:g1-abc",
            "{x}", "*", "a&b=c", "a,b", "\"a\"", "'a'", "<a>", "a|b^`~!$(c)", "\u00e9\u4e2d", "\ud83d\udc1d",
            "\ud83d\udc68\u200d\ud83d\udcbb", "a\u00a0b", "\u05d0\u0628"})
    void an_id_is_accepted_as_text_and_as_bytes(String id) throws Malformed {
        assertThat(Ids.require("id", id)).isEqualTo(id);
        assertThat(Ids.require("id", id.getBytes(UTF_8))).isEqualTo(id);
        assertThat(Ids.requireRecorded("id", id.getBytes(UTF_8))).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/b", "/", "a\\b", "a;b", "tools;x", "a%b", "a%2Fb", ".", "..", "\u00a0", " \u2003",
            "\u200b",
            "\ufeff\u00a0", "\u00a0a", "a\u00a0", " a", "a ", "a\u2003", "a\u2028b", "a\u2029b", "a\u202eb",
            "a\u2066b"})
    void what_was_an_id_in_format_1_only_is_refused_and_still_folded(String id) throws Malformed {
        assertThatThrownBy(() -> Ids.require("key", id)).isInstanceOf(Malformed.class)
                .hasMessageStartingWith("The key ");
        assertThatThrownBy(() -> Ids.require("key", id.getBytes(UTF_8))).isInstanceOf(Malformed.class);
        if (!id.isBlank()) {
            assertThat(Ids.requireRecorded("key", id.getBytes(UTF_8))).isEqualTo(id);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\t", "\u2003", "a\nb", "a\r\nb", "a\u001b[31mb", "a\u0000b", "\u007f", "a\u0085b",
            "a\ufffdb"})
    void what_never_was_an_id_is_refused_everywhere(String id) {
        assertThatThrownBy(() -> Ids.require("key", id)).isInstanceOf(Malformed.class);
        assertThatThrownBy(() -> Ids.requireRecorded("key", id)).isInstanceOf(Malformed.class);
        assertThatThrownBy(() -> Ids.requireText("key", id)).isInstanceOf(Malformed.class);
        assertThatThrownBy(() -> Ids.requireRecorded("key", id.getBytes(UTF_8))).isInstanceOf(Malformed.class);
    }

    @Test
    void an_unpaired_surrogate_would_be_another_id_once_it_is_written() {
        for (String id : new String[]{"a\ud83d", "\udc1da", "\udc1d\ud83d"}) {
            assertThatThrownBy(() -> Ids.require("key", id)).hasMessageContaining("surrogate");
            assertThatThrownBy(() -> Ids.requireText("key", id)).hasMessageContaining("surrogate");
        }
    }

    @Test
    void the_message_names_the_character_and_its_place() {
        assertThatThrownBy(() -> Ids.require("key", "ab;c")).hasMessageContaining("';' at index 2");
        assertThatThrownBy(() -> Ids.require("key", "a\u202eb")).hasMessageContaining("U+202E at index 1");
    }

    @Test
    void an_id_has_up_to_200_characters() throws Malformed {
        assertThat(Ids.require("key", "\u00e9".repeat(200))).hasSize(200);
        assertThatThrownBy(() -> Ids.require("key", "x".repeat(201))).hasMessageContaining("201 characters");
        assertThatThrownBy(() -> Ids.require("key", "x".repeat(201).getBytes(UTF_8)))
                .hasMessageContaining("201 characters");
    }

    @Test
    void text_of_somebody_else_stays_in_its_line_of_the_log() {
        assertThat(Ids.printable("a\r\n2026-01-01T00:00 ERROR \u001b[31m\u202e\u2028\ud83d b")).isEqualTo(
                "a\\u000d\\u000a2026-01-01T00:00 ERROR \\u001b[31m\\u202e\\u2028\\ud83d b");
        assertThat(Ids.printable("\u00e9 \ud83d\udc1d")).isEqualTo("\u00e9 \ud83d\udc1d");
    }

    @Test
    void bytes_that_are_not_UTF_8_are_refused() {
        for (byte[] bad : new byte[][]{{'a', (byte) 0xff}, {(byte) 0xc3}, {(byte) 0xed, (byte) 0xa0, (byte) 0x80}}) {
            assertThatThrownBy(() -> Ids.require("key", bad)).hasMessageContaining("not UTF-8");
        }
        assertThatThrownBy(() -> Ids.require("key", (byte[]) null)).hasMessageContaining("missing");
    }
}
