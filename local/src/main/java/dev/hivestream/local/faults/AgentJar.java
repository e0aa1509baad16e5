package dev.hivestream.local.faults;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.AgentLoadException;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import dev.hivestream.local.Child;
import dev.hivestream.local.faults.agent.Agent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

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

    private static Path write(Path directory) {
        return ClassJar.write(directory.resolve("agent.jar"), Agent.CLASSES, Map.of("Premain-Class",
                Agent.class.getName(), "Agent-Class", Agent.class.getName(), "Can-Retransform-Classes", "true"),
                Map.of());
    }
}
