package dev.hivestream.local.benchmark;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.RedisServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What command-processors spent on their commands, but for CPU time, which {@link Course} tells.
 *
 * @param heapBytes that were allocated for a command
 * @param redisBytes that Redis uses for a command, all of them together
 * @param roundTrips to Redis for a thousand commands, those at the start included
 * @param transactions for a thousand commands
 */
record Cost(double heapBytes, double redisBytes, double roundTrips, double transactions) {

    private static final Pattern USED_MEMORY = Pattern.compile("used_memory:(\\d+)");
    private static final Pattern SCRIPTS = Pattern.compile("cmdstat_(?:evalsha|eval):calls=(\\d+)");
    private static final Pattern ALLOCATED = Pattern
            .compile("^jvm_gc_memory_allocated_bytes_total\\S* ([0-9.E+]+)$", Pattern.MULTILINE);
    private static final Pattern BATCHES = Pattern.compile("^hive_batch_size_count\\S* ([0-9.E+]+)$",
            Pattern.MULTILINE);

    /**
     * Asks apps that still run.
     *
     * @param commands that they decided
     */
    static Cost read(List<BootApp> apps, RedisServer redis, long commands) throws IOException, InterruptedException {
        double allocated = 0;
        double batches = 0;
        try (var http = HttpClient.newHttpClient()) {
            for (BootApp app : apps) {
                String meters = http
                        .send(HttpRequest.newBuilder(URI.create(app.url() + "/actuator/prometheus")).build(),
                                HttpResponse.BodyHandlers.ofString())
                        .body();
                allocated += sum(ALLOCATED, meters);
                batches += sum(BATCHES, meters);
            }
        }
        double used = sum(USED_MEMORY, String.valueOf(redis.call("INFO", "memory")));
        double scripts = sum(SCRIPTS, String.valueOf(redis.call("INFO", "commandstats")));
        return new Cost(allocated / commands, used / commands, scripts * 1_000 / commands, batches * 1_000 / commands);
    }

    private static double sum(Pattern pattern, String text) {
        return pattern.matcher(text).results().mapToDouble(found -> Double.parseDouble(found.group(1))).sum();
    }
}
