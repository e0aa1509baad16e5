package dev.hivestream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PortsTest {

    @Test
    void hands_out_each_free_port_once() {
        assertThat(IntStream.range(0, 100).map(i -> Ports.free())).doesNotHaveDuplicates().allMatch(Ports::isFree);
    }

    @Test
    void says_in_one_line_that_a_port_is_in_use_and_what_to_do() throws IOException {
        int port = Ports.free();
        assertThatCode(() -> Ports.requireFree(port, "HTTP", "choose another with --http-port"))
                .doesNotThrowAnyException();
        for (InetAddress address : new InetAddress[]{InetAddress.getLoopbackAddress(),
                InetAddress.ofLiteral("0.0.0.0")}) {
            try (var _ = new ServerSocket(port, 1, address)) {
                assertThatThrownBy(() -> Ports.requireFree(port, "HTTP", "choose another with --http-port"))
                        .isInstanceOf(StartFailure.class).hasMessage("Port " + port
                                + " for HTTP is in use: stop what listens there, or choose another with --http-port.");
            }
        }
    }
}
