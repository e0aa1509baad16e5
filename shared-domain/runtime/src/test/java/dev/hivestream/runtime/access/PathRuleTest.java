package dev.hivestream.runtime.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PathRuleTest {

    @ParameterizedTest
    @ValueSource(strings = {"/actuator/health/../metrics", "/actuator/health/%2e%2E/metrics",
            "/actuator/health/.%2e/metrics", "/actuator/./metrics", "/actuator/%2E/metrics", "/actuator/..",
            "/actuator//metrics", "//", "//actuator", "/actuator/health;x/metrics", "/actuator/;/metrics",
            "/v1/content/tools;x/create", "/v1/content/a%2Fb", "/v1/content/a%2fb", "/v1/content/a\\b",
            "/v1/content/a%5Cb", "/v1/content/a%0Ab", "/v1/content/%00", "/v1/content/%7f", "/v1/content/%1B[31m"})
    void a_path_that_somebody_could_read_as_another_is_refused(String path) {
        assertThat(PathRule.refused(path)).startsWith("The path contains ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "*", "/v1/content/a", "/docs/", "/v1/content/..a", "/v1/content/a..",
            "/v1/content/...",
            "/v1/content/a.b", "/v1/content/a%2Eb", "/v1/content/a%3Fb%23c", "/v1/content/a%20b", "/v1/content/a+b",
            "/v1/content/%E4%B8%AD", "/v1/content/a:b@c", "/actuator/sagas/money-transfer/a%3Bb"})
    void any_other_is_not(String path) {
        assertThat(PathRule.refused(path)).isNull();
    }
}
