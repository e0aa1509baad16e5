package dev.hivestream.local.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LinkTest {

    private ServerSocket server;
    private Link link;

    @BeforeEach
    void start() throws IOException {
        server = echo();
        link = new Link(server.getLocalPort(), 1);
    }

    @AfterEach
    void stop() throws IOException {
        link.close();
        server.close();
    }

    private static ServerSocket echo() throws IOException {
        var server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(() -> {
            while (!server.isClosed()) {
                try {
                    Socket client = server.accept();
                    Thread.startVirtualThread(() -> {
                        try (client) {
                            client.getInputStream().transferTo(client.getOutputStream());
                        } catch (IOException e) {
                            // its other end was reset
                        }
                    });
                } catch (IOException e) {
                    // closed: the loop ends
                }
            }
        });
        return server;
    }

    private Socket connect() throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), link.port());
        socket.setSoTimeout(5_000);
        return socket;
    }

    private static int echoed(Socket socket, int value) throws IOException {
        socket.getOutputStream().write(value);
        return socket.getInputStream().read();
    }

    @Test
    void passes_on_what_is_said() throws IOException {
        try (Socket socket = connect()) {
            assertThat(echoed(socket, 7)).isEqualTo(7);
        }
    }

    @Test
    void holds_one_way_back_until_it_is_healed() throws IOException {
        for (Link.Way way : Link.Way.values()) {
            try (Socket socket = connect()) {
                assertThat(echoed(socket, 1)).isEqualTo(1);
                link.cut(way);
                socket.setSoTimeout(100);
                assertThatThrownBy(() -> echoed(socket, 2)).isInstanceOf(SocketTimeoutException.class);
                link.heal();
                socket.setSoTimeout(5_000);
                assertThat(socket.getInputStream().read()).isEqualTo(2);
            }
        }
    }

    @Test
    void resets_connections_and_takes_new_ones() throws IOException {
        try (Socket socket = connect()) {
            assertThat(echoed(socket, 1)).isEqualTo(1);
            link.reset();
            assertThatThrownBy(() -> {
                while (echoed(socket, 2) >= 0) {
                    // until the reset has arrived
                }
                throw new IOException("ended");
            }).isInstanceOf(IOException.class);
        }
        try (Socket socket = connect()) {
            assertThat(echoed(socket, 3)).isEqualTo(3);
        }
    }

    @Test
    void delays_each_way() throws IOException {
        try (Socket socket = connect()) {
            assertThat(echoed(socket, 1)).isEqualTo(1);
            link.delay(Duration.ofMillis(60));
            long since = System.nanoTime();
            assertThat(echoed(socket, 2)).isEqualTo(2);
            assertThat(System.nanoTime() - since).isGreaterThanOrEqualTo(Duration.ofMillis(120).toNanos());
        }
    }

    @Test
    void leads_to_another_server() throws IOException {
        try (var other = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            link.lead(other.getLocalPort());
            try (Socket socket = connect(); Socket accepted = other.accept()) {
                socket.getOutputStream().write(9);
                assertThat(accepted.getInputStream().read()).isEqualTo(9);
            }
        }
    }
}
