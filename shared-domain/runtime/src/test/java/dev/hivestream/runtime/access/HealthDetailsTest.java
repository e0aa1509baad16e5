package dev.hivestream.runtime.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.mock.web.MockHttpServletRequest;

class HealthDetailsTest {

    @ParameterizedTest
    @CsvSource({"127.0.0.1, true", "127.3.2.1, true", "::1, true", "10.0.0.7, false", "2001:db8::1, false"})
    void who_asks_from_this_machine_is_known_by_the_address(String address, boolean isFromHere) {
        MockHttpServletRequest request = new MockHttpServletRequest();
        request.setRemoteAddr(address);
        assertThat(HealthDetails.isFromHere(request)).isEqualTo(isFromHere);
    }

    @ParameterizedTest
    @CsvSource({"Forwarded, for=10.0.0.7", "X-Forwarded-For, 10.0.0.7", "X-Forwarded-For, 127.0.0.1"})
    void who_asks_through_a_proxy_on_this_machine_is_somebody_else(String header, String value) {
        MockHttpServletRequest request = new MockHttpServletRequest();
        request.setRemoteAddr("127.0.0.1");
        request.addHeader(header, value);
        assertThat(HealthDetails.isFromHere(request)).isFalse();
    }
}
