package dev.hivestream.cacherebuilder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hivestream.cacherebuilder.CommandLine.Misunderstood;
import dev.hivestream.cacherebuilder.Rebuilder.Ran;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line is checked before anything is started. */
class CommandLineTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --keep                     | -1          | a whole number from 0 to 2147483647
            --keep                     | abc         | a whole number from 0 to 2147483647
            --keep                     | 2147483648  | a whole number from 0 to 2147483647
            --keep                     | ''          | a whole number from 0 to 2147483647
            --hive.rebuild.keep        | 1.5         | a whole number from 0 to 2147483647
            --rate                     | -5          | a whole number from 0 to 9223372036854775807
            --rate                     | 5k          | a whole number from 0 to 9223372036854775807
            --hive.rebuild.threads     | -1          | a whole number from 0 to 2147483647
            --limit                    | 0           | a whole number from 1 to 10000
            --limit                    | 10001       | a whole number from 1 to 10000
            --partitions               | 0           | a whole number from 1 to 10000
            --partitions               | many        | a whole number from 1 to 10000
            --hive.rebuild.report      | 0s          | a duration above 0, such as 500ms or 10s
            --hive.rebuild.second-look | -1s         | a duration, such as 500ms or 10s
            --hive.rebuild.patience    | long        | a duration, such as 500ms or 10s
            --hive.rebuild.memory      | 0MB         | a size above 0, such as 512MB
            --hive.rebuild.memory      | much        | a size above 0, such as 512MB
            --on-poison                | skip        | stop or park
            --generation               | hive:2      | up to 100 letters, digits, dots and hyphens; a number after g has at most nine digits
            --generation               | g1234567890-x | up to 100 letters, digits, dots and hyphens; a number after g has at most nine digits
            --until                    | yesterday   | a time with its zone (2026-01-31T12:00:00Z), an offset, or one for each partition (0=1200,1=900)
            --at                       | yesterday   | a version or a time with its zone (2026-01-31T12:00:00Z)
            --at                       | 0=1         | a version or a time with its zone (2026-01-31T12:00:00Z)
            """)
    void a_value_that_an_option_does_not_take(String option, String value, String takes) {
        Ran ran = Rebuilder.runPlain(option + "=" + value, "--json").andCode(2);
        String message = option + " is '" + value + "'; it takes " + takes;
        assertThat(ran.json().path("error").asString()).isEqualTo(message);
        assertThat(ran.err()).isEqualTo("cache-rebuilder: " + message + System.lineSeparator());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--keep=0", "--rate=0", "--limit=1", "--limit=10000", "--partitions=10000",
            "--hive.rebuild.threads=0",
            "--hive.rebuild.report=1ms", "--hive.rebuild.patience=PT1M", "--hive.rebuild.second-look=0",
            "--hive.rebuild.memory=64KB", "--on-poison=park", "--keep=${KEEP:3}", "--until=0=1,1=2", "--until=7",
            "--at=2026-01-31T12:00:00Z", "--at=7"})
    void a_value_that_an_option_takes(String argument) {
        assertThat(CommandLine.properties(argument)).hasSize(1);
    }

    @Test
    void an_aggregate_or_a_saga_that_no_domain_has() {
        Ran aggregate = Rebuilder.runPlain("verify", "--aggregates", "account,acount", "--json").andCode(2);
        assertThat(aggregate.json().path("command").asString()).isEqualTo("verify");
        assertThat(aggregate.json().path("error").asString())
                .isEqualTo("Unknown aggregate 'acount'; known: account, content, review, transfer");
        assertThat(aggregate.err().lines()).hasSize(1);
        assertThat(Rebuilder.runPlain("dry-run", "--hive.sagas=nope").andCode(2).err())
                .startsWith("cache-rebuilder: Unknown saga 'nope'; known: ");
    }

    @Test
    void a_command_about_an_aggregate_or_a_saga_that_no_domain_has() {
        for (String[] words : new String[][]{{"show", "nope", "a"}, {"letters", "nope"}, {"letter", "nope", "0/1"},
                {"resend", "nope", "--all"}, {"discard", "nope", "--all", "--why=old"}}) {
            assertThat(Rebuilder.runPlain(words).andCode(2).err())
                    .startsWith("cache-rebuilder: Unknown aggregate or saga 'nope'; known: account, ");
        }
    }

    @Test
    void a_generation_to_activate_that_no_generation_can_have() {
        assertThat(Rebuilder.runPlain("activate", "hive:2").andCode(2).err())
                .startsWith("cache-rebuilder: --generation is 'hive:2'; it takes ");
    }

    @Test
    void a_value_that_follows_its_option_is_checked_too() {
        assertThatThrownBy(() -> CommandLine.properties("rebuild", "--keep", "-1")).isInstanceOf(Misunderstood.class)
                .hasMessage("--keep is '-1'; it takes a whole number from 0 to 2147483647");
    }
}
