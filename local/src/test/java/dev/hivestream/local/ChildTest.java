package dev.hivestream.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildTest {

    @TempDir
    Path directory;

    @Test
    void runs_with_the_environment_and_directory_given_and_keeps_its_log_and_exit_code() {
        Child child = shell("first", "echo \"$GREETING from $(pwd -P)\"; echo oops >&2; exit 3");
        await().until(() -> !child.isAlive());
        assertThat(child.exitCode()).hasValue(3);
        assertThat(child.log()).startsWith("hello from ").contains(directory.getFileName().toString(), "oops");

        Child next = shell("first", "echo second");
        await().until(() -> !next.isAlive());
        assertThat(next.log()).isEqualTo("second\n");
    }

    @Test
    void ends_when_terminated_and_is_killed_when_it_does_not() {
        Child willing = shell("willing", "trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done");
        await().until(() -> willing.log().contains("up"));
        assertThat(willing.terminate(Duration.ofSeconds(20))).isEqualTo(7);

        Child stubborn = shell("stubborn", "trap '' TERM; echo up; while :; do sleep 0.05; done");
        await().until(() -> stubborn.log().contains("up"));
        assertThat(stubborn.terminate(Duration.ofMillis(100))).isEqualTo(137);
        assertThat(stubborn.isAlive()).isFalse();
    }

    @Test
    void stands_still_while_paused() {
        Child child = shell("ticker", "while :; do echo tick; sleep 0.01; done");
        await().until(() -> child.log().contains("tick"));
        child.pause();
        await().until(() -> state(child.pid()).startsWith("T"));
        String before = child.log();
        assertThat(child.log()).isEqualTo(before);
        child.resume();
        await().until(() -> child.log().length() > before.length());
        child.pause();
        assertThat(child.terminate(Duration.ofSeconds(20))).isEqualTo(143);
    }

    @Test
    void fails_a_start_that_ends_early_with_the_end_of_its_log() {
        Child child = shell("hopeless", "echo the port is taken; exit 1");
        assertThatThrownBy(() -> child.awaitStart(Duration.ofSeconds(20), () -> false))
                .isInstanceOf(StartFailure.class).hasMessageContaining("hopeless ended with exit code 1")
                .hasMessageContaining("the port is taken");
    }

    @Test
    void dies_with_its_parent_even_if_that_is_killed() {
        var log = directory.resolve("parent.log");
        Child parent = Child.start("parent",
                Child.jvm("-cp", System.getProperty("java.class.path"), Parent.class.getName(),
                        directory.toString()),
                Map.of(), directory, log);
        await().atMost(Duration.ofSeconds(30)).until(() -> parent.log().contains("child "));
        long pid = Long.parseLong(parent.log().replaceAll("(?s).*child (\\d+).*", "$1"));
        assertThat(state(pid)).isNotEmpty();
        parent.kill();
        await().until(() -> state(pid).isEmpty() || state(pid).startsWith("Z"));
    }

    @Test
    void a_jvm_ends_when_one_of_its_threads_finds_no_memory() {
        Child hungry = Child.start("hungry",
                Child.jvm("-Xmx16m", "-cp", System.getProperty("java.class.path"), Hungry.class.getName()), Map.of(),
                directory, directory.resolve("hungry.log"));
        await().atMost(Duration.ofSeconds(30)).until(() -> !hungry.isAlive());
        assertThat(hungry.exitCode()).as(hungry.log()).hasValue(3);
        assertThat(hungry.log()).contains("java.lang.OutOfMemoryError: Java heap space");
    }

    /** A JVM that goes on without the thread that found no memory, unless it is told to end. */
    static final class Hungry {

        public static void main(String[] args) throws InterruptedException {
            Thread.ofPlatform().start(() -> {
                var kept = new ArrayList<byte[]>();
                while (true) {
                    kept.add(new byte[1024 * 1024]);
                }
            });
            Thread.currentThread().join();
        }
    }

    /** A JVM with a child, for being killed. */
    static final class Parent {

        public static void main(String[] args) throws InterruptedException {
            var directory = Path.of(args[0]);
            var child = Child.start("sleeper",
                    List.of("/bin/sh", "-c", "trap '' TERM INT HUP; while :; do sleep 1; done"),
                    Map.of(), directory, directory.resolve("sleeper.log"));
            System.out.println("child " + child.pid());
            Thread.currentThread().join();
        }
    }

    private Child shell(String name, String script) {
        return Child.start(name, List.of("/bin/sh", "-c", script), Map.of("GREETING", "hello"), directory,
                directory.resolve(name + ".log"));
    }

    private static String state(long pid) {
        try (var output = new ProcessBuilder("ps", "-o", "stat=", "-p", "" + pid).start().inputReader()) {
            return output.readAllAsString().strip();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
