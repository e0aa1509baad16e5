package dev.hivestream.local.faults;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.AgentLoadException;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import dev.hivestream.local.Child;
import dev.hivestream.local.faults.agent.Agent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** The agent's package as a jar, which is how a JVM wants it. */
final class AgentJar {

    private AgentJar() {}

    /** The option of a JVM that begins with the agent. */
    static String option(Path directory, String arguments) {
        return "-javaagent:" + write(directory) + "=" + arguments;
    }

    /** Loads the agent into a JVM that runs, or tells the one that is there something else. */
    static void attach(Path directory, Child process, String arguments) {
        Path jar = write(directory);
        try {
            var machine = VirtualMachine.attach("" + process.pid());
            try {
                machine.loadAgent(jar.toString(), arguments);
            } finally {
                machine.detach();
            }
        } catch (IOException | AttachNotSupportedException
                | AgentLoadException
                | AgentInitializationException e) {
            throw new IllegalStateException("The agent could not be loaded into " + process, e);
        }
    }

    private static synchronized Path write(Path directory) {
        Path jar = directory.resolve("agent.jar").toAbsolutePath();
        if (Files.exists(jar)) {
            return jar;
        }
        var manifest = new Manifest();
        var attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        Map.of("Premain-Class", Agent.class.getName(), "Agent-Class", Agent.class.getName(),
                "Can-Retransform-Classes", "true").forEach(attributes::putValue);
        try {
            Files.createDirectories(directory);
            try (var out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
                for (Class<?> type : Agent.CLASSES) {
                    String name = type.getName().replace('.', '/') + ".class";
                    out.putNextEntry(new JarEntry(name));
                    try (var bytes = Objects.requireNonNull(type.getResourceAsStream("/" + name), name)) {
                        bytes.transferTo(out);
                    }
                    out.closeEntry();
                }
            }
            return jar;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
