package dev.hivestream.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Lets no child outlive this JVM. A shell holds the other end of a pipe: when the JVM ends, however it ends, the shell
 * reads the end of its input and kills the processes that are still on its list.
 */
public final class Watchdog {

    // Deaf to the signals that a terminal sends to all of its processes: it has to be the last to go.
    private static final String SCRIPT = """
            trap '' INT TERM HUP
            pids=
            while read -r change pid; do
                case $change in
                    +) pids="$pids $pid" ;;
                    -) rest=
                       for p in $pids; do [ "$p" = "$pid" ] || rest="$rest $p"; done
                       pids=$rest ;;
                esac
            done
            for p in $pids; do kill -9 "$p"; done
            """;

    private static final Map<Long, Process> CHILDREN = new LinkedHashMap<>();
    private static final Queue<Runnable> BEFORE_KILLING = new ConcurrentLinkedQueue<>();
    private static final Process SHELL = startShell();

    private Watchdog() {}

    /** Runs something when this JVM ends in good order, while the children are still there. */
    public static void beforeKilling(Runnable action) {
        BEFORE_KILLING.add(action);
    }

    /**
     * Ends this JVM with 1 when the script that started it is gone: signals go to the script, which passes them on, and
     * then nobody would.
     */
    public static void endWithScript() {
        ProcessHandle.current().parent().ifPresent(script -> {
            var _ = script.onExit().thenRun(() -> System.exit(1));
        });
    }

    static synchronized void watch(Process child) {
        CHILDREN.put(child.pid(), child);
        tell('+', child);
        var _ = child.onExit().thenAccept(Watchdog::forget);
    }

    private static synchronized void forget(Process child) {
        if (CHILDREN.remove(child.pid()) != null) {
            tell('-', child);
        }
    }

    private static void tell(char change, Process child) {
        try {
            var input = SHELL.getOutputStream();
            input.write((change + " " + child.pid() + "\n").getBytes(StandardCharsets.US_ASCII));
            input.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("The watchdog of the child processes is gone", e);
        }
    }

    private static Process startShell() {
        try {
            var shell = new ProcessBuilder("/bin/sh", "-c", SCRIPT).redirectOutput(Redirect.DISCARD)
                    .redirectError(Redirect.DISCARD).start();
            Runtime.getRuntime().addShutdownHook(new Thread(Watchdog::killAll, "kill-children"));
            return shell;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // The shell would do it, too, but only once this JVM is gone: whoever waited for it would still find their ports
    // taken.
    private static void killAll() {
        BEFORE_KILLING.forEach(Runnable::run);
        synchronized (Watchdog.class) {
            CHILDREN.values().forEach(Process::destroyForcibly);
        }
    }
}
