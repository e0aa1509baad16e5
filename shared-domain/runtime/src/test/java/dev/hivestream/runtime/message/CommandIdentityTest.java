package dev.hivestream.runtime.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandIdentityTest {

    /** These are promises: docs/formats.md has them too. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "/hive/http | c-1 | account.deposit | {\"amount\":1} | 2/Ko-_Vhr_WnSJbMkT/AlkmXppHWDc/4",
            "/hive/http | c-1 | account.deposit | { \"amount\" : 1 } | 2/Ko-_Vhr_WnSJbMkT/AlkmXppHWDc/4",
            "`` | c-1 | account.deposit | {\"amount\":1.0} | 2/aNP2QeWQMFQwtkIw/0C3qx97b5kA/4"})
    void its_stored_form_is_pinned(String source, String id, String type, String body, String header) throws Malformed {
        CommandIdentity identity = CommandIdentity.of(CommandHash.of(source, id), type, CanonicalJson.of(utf8(body)));

        assertThat(new String(identity.header(4), StandardCharsets.UTF_8)).isEqualTo(header);
        assertThat(CommandIdentity.read(identity.header(4))).isEqualTo(identity);
        assertThat(CommandIdentity.readEpoch(identity.header(4))).isEqualTo(4);
        assertThat(CommandIdentity.readEpoch(identity.header(-1))).isEqualTo(-1);
        assertThat(CommandIdentity.readId(CommandIdentity.header(identity.id()))).isEqualTo(identity.id());
    }

    @Test
    void source_id_type_and_body_are_told_apart() {
        assertThat(CommandHash.of("ab", "c")).isNotEqualTo(CommandHash.of("a", "bc"));
        CommandHash id = CommandHash.of("", "c");
        assertThat(CommandIdentity.of(id, "ab", utf8("1")).body())
                .isNotEqualTo(CommandIdentity.of(id, "a", utf8("b1")).body());
    }

    @Test
    void a_command_of_format_1_has_its_id_and_its_saga_only() {
        CommandIdentity plain = CommandIdentity.legacy("c-1");
        CommandIdentity sagas = CommandIdentity.legacy(utf8("c-1"), utf8("transfer:t-1"));

        assertThat(plain.id()).isEqualTo(sagas.id());
        assertThat(plain.body()).isZero();
        assertThat(sagas.body()).isNotZero();
        assertThat(new String(plain.header(3), StandardCharsets.UTF_8)).isEqualTo("2///3");
        assertThat(CommandIdentity.read(plain.header(3))).isNull();
        assertThat(CommandIdentity.readEpoch(plain.header(3))).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "2", "2/", "2///", "2/short//", "2/qs-Aif0GaX_PpZql", "2/****************/***********/",
            "2/qs-Aif0GaX_PpZql/JC8/", "2/qs-Aif0GaX_PpZql//"})
    void something_else_names_no_command(String header) {
        assertThat(CommandIdentity.read(utf8(header))).isNull();
        assertThat(CommandIdentity.readEpoch(utf8(header))).isEqualTo(-1);
    }

    @Test
    void a_later_format_may_say_more() {
        CommandIdentity identity = CommandIdentity.of(CommandHash.of("s", "c"), "t", utf8("{}"));
        byte[] header = utf8(new String(identity.header(4), StandardCharsets.UTF_8).replaceFirst("^2", "3"));

        assertThat(CommandIdentity.read(header)).isEqualTo(identity);
    }

    @ParameterizedTest
    @CsvSource({"/hive/http, false, false", "/hive/http/, true, false", "/hive/http/pod-0, true, false",
            "/hive/http/0123456789abcdef0123456789abcdef, false, false", "/hive/saga/transfer, false, true",
            "'', false, false",
            "/hive/httpd, false, false"})
    void sources_are_told_apart(String source, boolean legacyGateway, boolean saga) {
        assertThat(CommandSource.isLegacyGateway(source)).isEqualTo(legacyGateway);
        assertThat(CommandSource.isSaga(source)).isEqualTo(saga);
    }

    @Test
    void each_subject_of_each_issuer_is_a_source() {
        assertThat(CommandSource.http("i", "s")).matches("/hive/http/[0-9a-f]{32}")
                .isEqualTo(CommandSource.http("i", "s"))
                .isNotEqualTo(CommandSource.http("is", "")).isNotEqualTo(CommandSource.http("i", "t"));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
