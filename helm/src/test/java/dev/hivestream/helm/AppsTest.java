package dev.hivestream.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That values arrive where the apps look for them. */
class AppsTest {

    private static final String NAME = Chart.RELEASE + "-hive-stream-processor";

    @TempDir
    private Path folder;

    @Test
    void an_entry_has_its_aggregates_its_app_and_its_place_among_the_defaults() throws IOException {
        List<Manifest> manifests = render("many-processors");

        assertThat(application(manifests, NAME + "-content"))
                .containsEntry("hive.aggregates", List.of("content", "review"))
                .containsEntry("hive.partitions", 8)
                .containsEntry("spring.cloud.stream.bindings.input.group", "command-processor");
        assertThat(application(manifests, NAME + "-account")).containsEntry("hive.lock.scope", "aggregate")
                .containsEntry("hive.decide.remembered", 1024);
        assertThat(application(manifests, NAME + "-transfers")).containsEntry("hive.sagas", List.of("money-transfer"))
                .containsEntry("spring.cloud.stream.bindings.router.group", "saga-router-transfers");
        assertThat(application(manifests, NAME + "-publications"))
                .containsEntry("spring.cloud.stream.bindings.router.group", "saga-router");
        assertThat(environment(one(manifests, "StatefulSet", NAME + "-account")))
                .containsEntry("PROCESSOR_TYPE", "producer").containsEntry("SERVER_PORT", "8080")
                .containsEntry("TZ", "UTC")
                .containsEntry("JAVA_TOOL_OPTIONS", "-XX:MaxRAMPercentage=60 -XX:+UseZGC");
        assertThat(environment(one(manifests, "StatefulSet", NAME + "-transfers")))
                .containsEntry("PROCESSOR_TYPE", "stream_processor").containsEntry("SERVER_PORT", "8082");
        assertThat(one(manifests, "StatefulSet", NAME + "-content").text("spec.replicas")).isEqualTo("4");
        assertThat(one(manifests, "StatefulSet", NAME + "-ticket").text("spec.replicas")).isEqualTo("2");
        assertThat(manifests).noneMatch(manifest -> manifest.name().endsWith("-later"));
    }

    @Test
    void scram_has_its_user_from_the_secret_and_its_line_from_kubernetes() throws IOException {
        List<Manifest> manifests = render("kafka-scram");

        assertThat(environment(one(manifests, "StatefulSet", NAME + "-sagas")))
                .containsEntry("KAFKA_USERNAME", "hive-kafka/user").containsEntry("KAFKA_PASSWORD", "hive-kafka/pass")
                .containsEntry("SPRING_KAFKA_PROPERTIES_SASL_JAAS_CONFIG",
                        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"$(KAFKA_USERNAME)\""
                                + " password=\"$(KAFKA_PASSWORD)\";");
        assertThat(application(manifests, NAME + "-sagas"))
                .containsEntry("spring.kafka.security.protocol", "SASL_SSL")
                .containsEntry("spring.kafka.properties.sasl.mechanism", "SCRAM-SHA-256")
                .containsEntry("spring.kafka.ssl.trust-store-type", "PEM")
                .containsEntry("spring.kafka.ssl.trust-store-location", "file:/etc/hive/kafka-trust/ca.crt");
    }

    @Test
    void a_clients_certificate_is_text_or_a_store() throws IOException {
        assertThat(environment(one(render("kafka-mtls-pem"), "StatefulSet", NAME + "-commands")))
                .containsEntry("SPRING_KAFKA_SSL_KEYSTORECERTIFICATECHAIN", "hive-client/tls.crt")
                .containsEntry("SPRING_KAFKA_SSL_KEYSTOREKEY", "hive-client/tls.key");
        List<Manifest> stores = render("kafka-mtls-pkcs12");
        assertThat(environment(one(stores, "StatefulSet", NAME + "-commands")))
                .containsEntry("SPRING_KAFKA_SSL_KEYSTOREPASSWORD", "hive-client/password")
                .containsEntry("SPRING_KAFKA_SSL_TRUSTSTOREPASSWORD", "kafka-trust/password");
        assertThat(application(stores, NAME + "-commands"))
                .containsEntry("spring.kafka.ssl.key-store-location", "file:/etc/hive/kafka-client/keystore.p12")
                .containsEntry("spring.kafka.ssl.key-store-type", "PKCS12");
    }

    @Test
    void redis_is_one_of_three() throws IOException {
        assertThat(application(render("hpa"), NAME + "-commands")).containsEntry("spring.data.redis.host", "redis")
                .containsEntry("spring.data.redis.port", 6379);
        List<Manifest> sentinels = render("redis-sentinel");
        assertThat(application(sentinels, NAME + "-commands")).doesNotContainKey("spring.data.redis.host")
                .containsEntry("spring.data.redis.sentinel.master", "mymaster")
                .containsEntry("spring.data.redis.database", 2)
                .containsEntry("spring.data.redis.ssl.bundle", "redis")
                .containsEntry("spring.ssl.bundle.pem.redis.truststore.certificate", "file:/etc/hive/redis-ca/ca.pem");
        assertThat(environment(one(sentinels, "StatefulSet", NAME + "-commands")))
                .containsEntry("SPRING_DATA_REDIS_USERNAME", "redis-user/user")
                .containsEntry("SPRING_DATA_REDIS_PASSWORD", "redis-user/pass")
                .containsEntry("SPRING_DATA_REDIS_SENTINEL_PASSWORD", "sentinel-user/password");
        assertThat(application(render("redis-cluster"), NAME + "-commands")).doesNotContainKey("spring.data.redis.host")
                .containsEntry("spring.data.redis.ssl.enabled", true).containsKey("spring.data.redis.cluster.nodes");
    }

    @Test
    void tokens_are_wanted_of_whom_the_values_name() throws IOException {
        assertThat(application(render("jwt-public-key"), NAME + "-commands"))
                .containsEntry("spring.security.oauth2.resourceserver.jwt.public-key-location",
                        "file:/etc/hive/jwt/key.pem")
                .containsEntry("spring.security.oauth2.resourceserver.jwt.audiences", List.of("hive", "other"))
                .containsEntry("hive.security.aggregates",
                        Map.of("bank-account", Map.of("commands", "bank.write", "reads", "bank.read")))
                .containsEntry("hive.security.scopes.operations", "ops")
                .containsEntry("hive.security.scopes.commands", "hive.commands");
        assertThat(application(render("hpa"), NAME + "-commands").keySet())
                .noneMatch(property -> property.contains("resourceserver"));
        assertThat(application(production(), NAME + "-commands"))
                .containsEntry("spring.security.oauth2.resourceserver.jwt.issuer-uri",
                        "https://login.example.com/realms/hive")
                .containsEntry("logging.structured.format.console", "ecs");
    }

    @Test
    void lag_scales_by_the_topics_of_the_entry_and_above_the_markers_of_transactions() throws IOException {
        Manifest scaled = one(render("keda"), "ScaledObject", NAME + "-content");

        assertThat(scaled.elements("spec.triggers")).extracting(trigger -> Manifest.texts(trigger.get("metadata")))
                .extracting("topic").containsExactly("content.commands", "review.commands");
        assertThat(Manifest.texts(scaled.elements("spec.triggers").getFirst().get("metadata")))
                .containsEntry("activationLagThreshold", "16").containsEntry("sasl", "scram_sha512")
                .containsEntry("consumerGroup", "command-processor");

        assertThat(one(render("keda"), "ScaledObject", NAME + "-sagas").elements("spec.triggers"))
                .extracting(trigger -> Manifest.texts(trigger.get("metadata")).get("consumerGroup"))
                .containsExactly("saga-manager", "saga-manager", "saga-router-money-transfer",
                        "saga-router-publication");
    }

    @Test
    void a_domains_image_fills_the_folder_that_the_loader_looks_into() throws IOException {
        Manifest app = one(render("image-digest"), "StatefulSet", NAME + "-commands");

        assertThat(app.pod().text("spec.initContainers.0.image"))
                .startsWith("registry.example.com:5000/team/domain@sha256:");
        assertThat(app.pod().text("spec.containers.0.image")).startsWith("registry.example.com:5000/team/hive@sha256:");
        assertThat(environment(app)).containsEntry("LOADER_PATH", "/domain");
    }

    @Test
    void the_test_sends_the_command_that_the_values_name() throws IOException {
        Manifest test = one(render("env-and-properties"), "Pod", NAME + "-test");

        assertThat(test.annotations()).containsEntry(Chart.HOOK, "test");
        assertThat(environment(test)).containsEntry("TOKEN", "test-token/token")
                .containsEntry("URL", "http://" + NAME + "-commands:8080/v1/content/helm-test/create")
                .containsEntry("BODY", "{\"title\":\"It's \\\"quoted\\\"\",\"words\":1}");
    }

    @Test
    void names_that_are_cut_are_told_apart() throws IOException {
        Chart chart = Chart.with(folder.resolve("long"), Map.of());

        assertThat(chart.render("a-release-with-a-name-that-is-long-1").getFirst().name())
                .isNotEqualTo(chart.render("a-release-with-a-name-that-is-long-2").getFirst().name());
    }

    private List<Manifest> production() throws IOException {
        return render(Chart.SOURCE.resolve("values-production.yaml"));
    }

    private List<Manifest> render(String name) throws IOException {
        return render(Chart.VALUES.resolve(name + ".yaml"));
    }

    private List<Manifest> render(Path file) throws IOException {
        return Chart.with(file).render();
    }

    static Manifest one(List<Manifest> manifests, String kind, String name) {
        assertThat(manifests).extracting(Manifest::toString).contains(kind + " " + name);
        return manifests.stream().filter(one -> one.toString().equals(kind + " " + name)).findFirst().orElseThrow();
    }

    static Map<String, Object> application(List<Manifest> manifests, String configMap) {
        return Yaml.map(Manifest.texts(one(manifests, "ConfigMap", configMap).at("data")).get("application.yaml"));
    }

    /** Of the first container: values, and secret/key for those from secrets. */
    static Map<String, String> environment(Manifest workload) {
        Map<String, String> environment = new TreeMap<>();
        for (JsonObject variable : Manifest.elements(workload.pod().containers().getFirst(), "env")) {
            var secret = Manifest.at(variable, "valueFrom.secretKeyRef").getAsJsonObject();
            environment.put(variable.get("name").getAsString(), secret.has("name")
                    ? secret.get("name").getAsString() + "/" + secret.get("key").getAsString()
                    : variable.has("value") ? variable.get("value").getAsString() : "");
        }
        return environment;
    }
}
