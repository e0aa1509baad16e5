package dev.hivestream.local.faults;

import dev.hivestream.local.Ports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What lies between one client and one server: TCP connections to its port go on to the server, until it is hurt. As TCP
 * would, it loses no byte of a connection that lives: what is lost comes late.
 */
final class Link implements AutoCloseable {

    /** A direction. */
    enum Way {
        /** From the client to the server. */
        THERE,
        /** From the server to the client. */
        BACK
    }

    private static final int CHUNK = 64 * 1024;
    private static final int FIRST_RETRANSMISSION = 200;
    private static final int RETRANSMISSIONS = 1_000;

    private final ServerSocket listener;
    private final int port;
    private final Random random;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition healed = lock.newCondition();
    private final Set<Way> cut = EnumSet.noneOf(Way.class);
    private volatile int target;
    private volatile Duration delay = Duration.ZERO;
    private volatile int lossPercent;

    /** @param target the port of the server */
    Link(int target, long seed) {
        this.target = target;
        this.random = new Random(seed);
        this.port = Ports.free();
        try {
            listener = new ServerSocket(port, 100, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name("link-" + port).start(this::accept);
    }

    /** Where the client has to connect to. */
    int port() {
        return port;
    }

    /** Leads to another server from now on; connections to the one before end. */
    void lead(int server) {
        target = server;
        reset();
    }

    /** Everything takes this much longer, each way. */
    void delay(Duration longer) {
        delay = longer;
    }

    /** So many pieces of a hundred are lost: they come after a retransmission, and one in ten of them never. */
    void lose(int percent) {
        lossPercent = percent;
    }

    /** Nothing goes that way any more, and nobody is told. */
    void cut(Way way) {
        lock.lock();
        try {
            cut.add(way);
        } finally {
            lock.unlock();
        }
    }

    /** Ends all connections the hard way. New ones are possible. */
    void reset() {
        open.forEach(Link::abort);
    }

    /** As it was made; what was held back by a cut goes on. */
    void heal() {
        delay = Duration.ZERO;
        lossPercent = 0;
        lock.lock();
        try {
            cut.clear();
            healed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Thread.ofVirtual().start(() -> connect(client));
            } catch (IOException e) {
                // closed: the loop ends
            }
        }
    }

    private void connect(Socket client) {
        open.add(client);
        Socket server = new Socket();
        try {
            pass(Way.THERE);
            server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target), 5_000);
            open.add(server);
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            Thread.ofVirtual().start(() -> pump(server, client, Way.BACK));
            pump(client, server, Way.THERE);
        } catch (IOException e) {
            // nobody listens there: the client is told by the end of its connection
            end(client, server);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            end(client, server);
        }
    }

    private void pump(Socket from, Socket to, Way way) {
        byte[] chunk = new byte[CHUNK];
        try {
            var input = from.getInputStream();
            var output = to.getOutputStream();
            for (int count = input.read(chunk); count >= 0; count = input.read(chunk)) {
                pass(way);
                output.write(chunk, 0, count);
            }
        } catch (IOException e) {
            // one end has gone: so does the other
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            end(from, to);
        }
    }

    private void pass(Way way) throws IOException, InterruptedException {
        int percent = lossPercent;
        if (percent > 0 && random.nextInt(100) < percent) {
            if (random.nextInt(10) == 0) {
                throw new IOException("Lost for good");
            }
            TimeUnit.MILLISECONDS.sleep(FIRST_RETRANSMISSION + random.nextInt(RETRANSMISSIONS));
        }
        Duration longer = delay;
        if (!longer.isZero()) {
            TimeUnit.NANOSECONDS.sleep(longer.toNanos());
        }
        lock.lock();
        try {
            while (cut.contains(way)) {
                healed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void end(Socket one, Socket other) {
        abort(one);
        abort(other);
        open.remove(one);
        open.remove(other);
    }

    private static void abort(Socket socket) {
        try {
            if (!socket.isClosed()) {
                socket.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
            socket.close();
        } catch (IOException e) {
            // closed by the other pump at the same moment
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        heal();
        reset();
    }
}
