package dev.hivestream.runtime;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * The name of this machine as the property {@code hive.host}, from which the default of {@code hive.instance} is made. It is
 * the variable {@code HOSTNAME} where that is exported, as in containers; shells do not export it.
 */
public final class HostName implements EnvironmentPostProcessor {

    static final String PROPERTY = "hive.host";

    private static final String VARIABLE = "HOSTNAME";
    /** Linux has it here: the lookup by {@link InetAddress} may wait for a name server. */
    private static final Path KERNEL = Path.of("/proc/sys/kernel/hostname");
    private static final String UNKNOWN = "localhost";

    @Override
    public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
        String exported = environment.getProperty(VARIABLE, "").strip();
        environment.getPropertySources().addLast(
                new MapPropertySource("hiveHost", Map.of(PROPERTY, exported.isEmpty() ? current() : exported)));
    }

    /** What this machine calls itself; stable over restarts of its processes. */
    static String current() {
        try {
            String name = Files.isReadable(KERNEL) ? Files.readString(KERNEL).strip() : "";
            return name.isEmpty() ? InetAddress.getLocalHost().getHostName() : name;
        } catch (UnknownHostException e) {
            // its message begins with the name that could not be resolved
            String name = String.valueOf(e.getMessage()).replaceFirst(":.*", "").strip();
            return name.isEmpty() || name.contains(" ") || name.equals("null") ? UNKNOWN : name;
        } catch (IOException e) {
            return UNKNOWN;
        }
    }
}
