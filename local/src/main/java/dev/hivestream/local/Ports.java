package dev.hivestream.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/** TCP ports of the loopback interface. */
public final class Ports {

    // Below the ephemeral ranges of Linux (32768) and macOS (49152): no outgoing connection takes such a port while the
    // server that it is meant for is down.
    private static final int FIRST = 20_000;
    private static final int LAST = 32_000;

    private static final Set<Integer> HANDED_OUT = ConcurrentHashMap.newKeySet();

    private Ports() {}

    /** A port that nothing listens on and that this JVM has not been given before. */
    public static int free() {
        for (int attempt = 0; attempt < 1_000; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, LAST);
            if (isFree(port) && HANDED_OUT.add(port)) {
                return port;
            }
        }
        throw new StartFailure("No free port between " + FIRST + " and " + LAST);
    }

    /**
     * Makes sure that a port can be listened on.
     *
     * @param what who wants it, for the message
     * @param howToChange what to do to have another one, for the message
     * @throws StartFailure if something listens there already
     */
    public static void requireFree(int port, String what, String howToChange) {
        if (!isFree(port)) {
            throw new StartFailure("Port " + port + " for " + what + " is in use: stop what listens there, or "
                    + howToChange + ".");
        }
    }

    static boolean isFree(int port) {
        // macOS lets an address be bound beside a listener on all addresses: so ask it, too
        return !accepts(port) && canBind(port);
    }

    static boolean accepts(int port) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean canBind(int port) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
