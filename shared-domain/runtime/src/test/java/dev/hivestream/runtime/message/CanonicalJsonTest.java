package dev.hivestream.runtime.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CanonicalJsonTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "{} | {}",
            "[ ] | []",
            "{\"b\":1,\"a\":2} | {\"a\":2,\"b\":1}",
            "{ \"a\" : [ 1 , 2 ] } | {\"a\":[1,2]}",
            "{\"a\":1.0,\"b\":1e3,\"c\":-0,\"d\":100000000000000000000.10} | {\"a\":1.0,\"b\":1e3,\"c\":-0,\"d\":100000000000000000000.10}",
            "{\"a\":\"\\u0041\\/\\u00e9\\n\\u000b\\\"\\\\\"} | {\"a\":\"A/é\\n\\u000b\\\"\\\\\"}",
            "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7} | {\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\ufb33\":3}",
            "{\"x\":{\"b\":[{\"d\":null,\"c\":true}],\"a\":false}} | {\"x\":{\"a\":false,\"b\":[{\"c\":true,\"d\":null}]}}",
            "\"a\" | \"a\"",
            "7 | 7"})
    void all_spellings_have_one_form(String json, String canonical) throws Malformed {
        assertThat(text(json)).isEqualTo(canonical);
        assertThat(text(canonical)).isEqualTo(canonical);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":1}", "{\"amount\":1,\"currency\":\"EUR\"}",
            "{\"a\":{\"b\":[1,{\"c\":\"é\"}]},\"b\":[]}"})
    void a_text_that_has_the_form_is_not_copied(String json) throws Malformed {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        assertThat(CanonicalJson.of(bytes)).isSameAs(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{\"a\":1,\"a\":1}", "{\"a\":1, \"\\u0061\":1}", "{\"a\":1} {}", "{\"a\": }",
            "{\"a\": 1",
            "[1, ]", "{\"a\": \"\\ud800\"}", "{\"\\udc00\":1}", "{\"a\": nul}"})
    void what_has_no_form_is_malformed(String json) {
        assertThatThrownBy(() -> text(json)).isInstanceOf(Malformed.class);
    }

    @Test
    void bytes_in_another_encoding_are_malformed() {
        String json = "{\"a\":\"é\"}";
        for (byte[] bytes : List.of(json.getBytes(StandardCharsets.ISO_8859_1), json.getBytes(StandardCharsets.UTF_16),
                json.getBytes(StandardCharsets.UTF_16LE), json.getBytes(Charset.forName("UTF-32BE")),
                ("\uFEFF" + json).getBytes(StandardCharsets.UTF_8),
                // an overlong slash, an unpaired surrogate, a code point beyond the last one
                new byte[]{'"', (byte) 0xc0, (byte) 0xaf, '"'},
                new byte[]{'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'},
                new byte[]{'"', (byte) 0xf7, (byte) 0xbf, (byte) 0xbf, (byte) 0xbf, '"'})) {
            assertThatThrownBy(() -> CanonicalJson.of(bytes)).isInstanceOf(Malformed.class)
                    .hasMessageContaining("UTF-8");
        }
    }

    @Test
    void a_text_that_is_deep_is_read_without_a_deep_stack() throws Malformed {
        String deep = "[".repeat(400) + " 1" + "]".repeat(400);
        assertThat(text(deep)).isEqualTo(deep.replace(" ", ""));
    }

    /** The quick look must never take a text for canonical that the parser would rewrite. */
    @Test
    void the_quick_look_agrees_with_the_parser() throws Malformed {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            String json = value(random, 0);
            String canonical = text(json);
            assertThat(text(" " + json)).as("seed %d: %s", seed, json).isEqualTo(canonical);
            assertThat(text(canonical)).as("seed %d: %s", seed, json).isEqualTo(canonical);
        }
    }

    private static String value(Random random, int depth) {
        return switch (random.nextInt(depth > 3 ? 3 : 5)) {
            case 0 -> List.of("1", "1.0", "-0.5e10", "true", "null").get(random.nextInt(5));
            case 1, 2 -> string(random);
            case 3 -> {
                List<String> elements = new ArrayList<>();
                for (int i = random.nextInt(3); i > 0; i--) {
                    elements.add(value(random, depth + 1));
                }
                yield "[" + String.join(",", elements) + "]";
            }
            default -> {
                List<String> names = new ArrayList<>(
                        List.of("\"a\"", "\"b\"", "\"aa\"", "\"B\"", "\"é\"", "\"\\u0063\"",
                                "\"\uE000\"", "\"\uD83D\uDE00\""));
                Collections.shuffle(names, random);
                List<String> chosen = names.subList(0, random.nextInt(names.size()));
                if (random.nextBoolean()) {
                    Collections.sort(chosen);
                }
                List<String> members = new ArrayList<>();
                chosen.forEach(name -> members.add(name + ":" + value(random, depth + 1)));
                yield "{" + String.join(random.nextInt(5) == 0 ? " ," : ",", members) + "}";
            }
        };
    }

    private static String string(Random random) {
        return List.of("\"\"", "\"x\"", "\"é\"", "\"{\"", "\"}],:\"", "\"\\\"\"", "\"\\u0041\"", "\"a b\"")
                .get(random.nextInt(8));
    }

    private static String text(String json) throws Malformed {
        return new String(CanonicalJson.of(json.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }
}
