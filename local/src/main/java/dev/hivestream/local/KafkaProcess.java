package dev.hivestream.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import kafka.Kafka;
import kafka.tools.StorageTool;

/** What runs in the broker's JVM: formats the storage if there is none yet, then is the broker. */
final class KafkaProcess {

    // One broker, one cluster: nothing tells two clusters apart by it.
    private static final String CLUSTER_ID = "aGl2ZS1sb2NhbC1rYWZrYQ";

    private KafkaProcess() {}

    /** Takes the configuration file and the data directory that it names. */
    public static void main(String[] args) throws IOException {
        String configuration = args[0];
        var data = Path.of(args[1]);
        if (!Files.exists(data.resolve("meta.properties"))) {
            Files.createDirectories(data);
            int result = StorageTool.execute(
                    new String[]{"format", "--config", configuration, "--cluster-id", CLUSTER_ID}, System.out);
            if (result != 0) {
                System.exit(result);
            }
        }
        Kafka.main(new String[]{configuration});
    }
}
