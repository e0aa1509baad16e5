package dev.hivestream.local;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was asked of the quick start.
 *
 * @param data where broker, Redis and apps keep theirs; null: the default, or a throw-away folder for a check
 * @param fresh without what an earlier run left
 * @param check to drive it, judge it and end
 */
record QuickstartOptions(int httpPort, int sagaPort, int kafkaPort, int redisPort, @Nullable Path data, boolean fresh,
        boolean check) {

    /**
     * Reads the command line, then the environment for what it does not say.
     *
     * @throws StartFailure if it cannot be understood
     */
    static QuickstartOptions parse(String[] arguments, Map<String, String> environment) {
        var values = new HashMap<String, String>();
        boolean fresh = false;
        boolean check = false;
        for (int i = 0; i < arguments.length; i++) {
            String option = arguments[i];
            switch (option) {
                case "--fresh" -> fresh = true;
                case "--check" -> check = true;
                case "--http-port", "--saga-port", "--kafka-port", "--redis-port", "--data" -> {
                    i++;
                    if (i == arguments.length) {
                        throw new StartFailure(option + " wants a value");
                    }
                    values.put(option, arguments[i]);
                }
                default -> throw new StartFailure("Unknown option " + option + ", see --help");
            }
        }
        String data = values.getOrDefault("--data", environment.getOrDefault("HIVE_DATA", ""));
        return new QuickstartOptions(port("http", 8080, values, environment, check),
                port("saga", 8082, values, environment, check),
                port("kafka", 9092, values, environment, check), port("redis", 6379, values, environment, check),
                data.isEmpty() ? null : Path.of(data), fresh, check);
    }

    private static int port(String of, int usual, Map<String, String> values, Map<String, String> environment,
            boolean check) {
        String option = "--" + of + "-port";
        String variable = "HIVE_" + of.toUpperCase(Locale.ROOT) + "_PORT";
        String source = values.containsKey(option) ? option : variable;
        String text = values.getOrDefault(option, environment.getOrDefault(variable, ""));
        if (text.isEmpty()) {
            return check ? Ports.free() : usual;
        }
        if (!text.matches("\\d{1,5}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > 65_535) {
            throw new StartFailure(source + " is '" + text + "'; a port is a number from 1 to 65535");
        }
        return Integer.parseInt(text);
    }
}
