package dev.hivestream.local.check;

import dev.hivestream.local.Job;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The cache is built anew from the log beside the one in use, takes its place, and is what the log says. */
public final class RebuildCheck implements Check {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @Override
    public String name() {
        return "The cache from the log";
    }

    @Override
    public void run(Running running, Findings findings) {
        JsonNode rebuilt = rebuilder(running, findings, "rebuild", "--activate", "--keep", "2");
        List<String> same = new ArrayList<>();
        List<String> unchanged = new ArrayList<>();
        rebuilt.path("aggregates").forEach(one -> {
            String aggregate = one.path("aggregate").asString();
            String before = one.path("wantedBefore").asString("");
            if (before.isEmpty() || before.equals(one.path("generation").asString())) {
                same.add(aggregate + ": " + before);
            }
            int active = one.path("activePartitions").asInt();
            if (active != one.path("positions").size()) {
                unchanged.add(active + " of " + one.path("positions").size() + " partitions of " + aggregate);
            }
        });
        findings.equal("all aggregates were rebuilt", 4, rebuilt.path("aggregates").size());
        findings.none("into a generation beside the one in use", same);
        findings.none("each partition's owner has changed over to it", unchanged);

        JsonNode verified = rebuilder(running, findings, "verify", "--aggregates", "account,content,review,transfer",
                "--sagas", "money-transfer,publication");
        findings.equal("the cache, aggregates and sagas, is what " + verified.path("events").asLong()
                + " events and messages fold to", 0, verified.path("count").asInt(-1));
    }

    private static JsonNode rebuilder(Running running, Findings findings, String... arguments) {
        List<String> command = new ArrayList<>(running.rebuilder());
        command.addAll(List.of(arguments));
        command.add("--json");
        Job job = Job.run("cache-rebuilder", command, running.directory(), PATIENCE);
        findings.equal("cache-rebuilder " + String.join(" ", arguments) + " ends with 0", 0, job.code());
        return Json.read(job.out().isBlank() ? "{}" : job.out());
    }
}
