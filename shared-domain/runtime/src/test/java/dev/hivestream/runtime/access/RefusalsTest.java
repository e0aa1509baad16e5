package dev.hivestream.runtime.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.security.authentication.AuthenticationServiceException;

class RefusalsTest {

    @Test
    void a_token_whose_issuer_is_away_may_be_sent_again_later() throws Exception {
        var response = new MockHttpServletResponse();
        new Refusals().commence(new MockHttpServletRequest("GET", "/v1/content/a"), response,
                new AuthenticationServiceException("http://issuer:8443 refused"));
        assertThat(response.getStatus()).isEqualTo(503);
        assertThat(response.getHeader("Retry-After")).isEqualTo("1");
        assertThat(response.getContentType()).isEqualTo("application/problem+json");
        assertThat(response.getContentAsString()).contains("\"code\":\"issuer\"", "\"instance\":\"/v1/content/a\"")
                .doesNotContain("8443");
    }
}
