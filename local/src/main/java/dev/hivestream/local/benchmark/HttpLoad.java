package dev.hivestream.local.benchmark;

import dev.hivestream.local.HttpReply;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Clients of a server on this machine, each with a connection of its own that it keeps, and one request at a time: the next
 * one when the last is answered. All of them in one thread, for the server runs on the same cores.
 */
final class HttpLoad {

    private static final int LARGEST_REPLY = 16 * 1024;
    private static final int LOOK_MILLIS = 200;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Bench bench;
    private final InetSocketAddress server;
    private final Supplier<byte[]> requests;

    /** @param requests gives one whole request after the other; all of them have to be answered 200 */
    HttpLoad(Bench bench, int port, Supplier<byte[]> requests) {
        this.bench = bench;
        this.server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        this.requests = requests;
    }

    private static final class Connection {
        private final Selector selector;
        private final InetSocketAddress server;
        private final ByteBuffer reply = ByteBuffer.allocate(LARGEST_REPLY);
        private SocketChannel channel;
        private long asked;

        Connection(Selector selector, InetSocketAddress server) throws IOException {
            this.selector = selector;
            this.server = server;
            this.channel = connect();
        }

        private SocketChannel connect() throws IOException {
            var connected = SocketChannel.open(server);
            connected.setOption(StandardSocketOptions.TCP_NODELAY, true);
            connected.configureBlocking(false);
            connected.register(selector, SelectionKey.OP_READ, this);
            return connected;
        }

        void ask(byte[] request) throws IOException {
            reply.clear();
            asked = System.nanoTime();
            var buffer = ByteBuffer.wrap(request);
            // nothing else is on its way: the system takes it at once
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }

        /** Takes what there is; false: the answer is not complete. */
        boolean isAnswered() throws IOException {
            var answer = HttpReply.read(channel, reply);
            if (answer == null) {
                return false;
            }
            if (answer.status() != 200) {
                throw new Failure("The result is wrong: a request was not answered 200 but:\n" + answer.text());
            }
            if (answer.isLast()) {
                channel.close();
                channel = connect();
            }
            return true;
        }
    }

    /**
     * Sends for a while, and waits until all is answered.
     *
     * @return how long each request took
     * @throws Failure if one was not answered 200
     */
    Latencies run(int connections, Duration duration) throws IOException {
        List<Connection> open = new ArrayList<>();
        try (var selector = Selector.open()) {
            for (int i = 0; i < connections; i++) {
                open.add(new Connection(selector, server));
            }
            return run(selector, open, duration.toNanos());
        } finally {
            for (Connection connection : open) {
                connection.channel.close();
            }
        }
    }

    private Latencies run(Selector selector, List<Connection> open, long nanos) throws IOException {
        var latencies = new Latencies();
        long start = System.nanoTime();
        for (Connection connection : open) {
            connection.ask(requests.get());
        }
        int asking = open.size();
        while (asking > 0) {
            selector.select(LOOK_MILLIS);
            bench.requireRunning();
            long over = System.nanoTime() - start - nanos;
            if (over > PATIENCE.toNanos()) {
                throw new Failure("The result is wrong: " + asking + " requests are not answered");
            }
            for (SelectionKey key : selector.selectedKeys()) {
                var connection = (Connection) key.attachment();
                if (connection.isAnswered()) {
                    latencies.add(System.nanoTime() - connection.asked);
                    if (over < 0) {
                        connection.ask(requests.get());
                    } else {
                        asking--;
                    }
                }
            }
            selector.selectedKeys().clear();
        }
        latencies.end(System.nanoTime() - start);
        return latencies;
    }
}
