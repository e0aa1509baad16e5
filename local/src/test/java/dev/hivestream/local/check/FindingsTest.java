package dev.hivestream.local.check;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FindingsTest {

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final Findings findings = new Findings(new PrintStream(printed, true, UTF_8));

    @Test
    void prints_what_held_and_what_did_not_with_expected_and_actual() {
        findings.equal("one is one", 1, 1);
        findings.equal("one is two", 1, 2);
        findings.none("nothing odd", List.of());
        findings.none("nothing even", List.of("2", "4"));
        assertThat(printed.toString(UTF_8).lines()).containsExactly("  ✓ one is one", "  ✗ one is two",
                "      expected: 1", "      actual:   2", "  ✓ nothing odd", "  ✗ nothing even", "      2", "      4");
        assertThat(findings.passed()).isEqualTo(2);
        assertThat(findings.failed()).isEqualTo(2);
    }

    @Test
    void waits_for_what_comes_late() throws Exception {
        var asked = new AtomicInteger();
        findings.equalSoon("three", 3, asked::incrementAndGet);
        assertThat(findings.passed()).isEqualTo(1);
    }
}
