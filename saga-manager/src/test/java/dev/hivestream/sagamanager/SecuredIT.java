package dev.hivestream.sagamanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.hivestream.local.BootApp;
import dev.hivestream.local.Child;
import dev.hivestream.local.Job;
import dev.hivestream.local.KafkaBroker;
import dev.hivestream.local.Ports;
import dev.hivestream.local.RedisServer;
import dev.hivestream.local.check.Fleet;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AccessControlEntryFilter;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourcePatternFilter;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The apps against a broker with TLS, SCRAM and ACLs and a Redis with TLS and ACLs, with the rights of docs/security.md. */
@Tag("faults")
class SecuredIT {

    private static final List<String> APPS = List.of("command-processor", "saga-manager", "cache-rebuilder");
    private static final List<String> AGGREGATES = List.of("account", "transfer");
    private static final String SAGA = "money-transfer";
    private static final String KAFKA_PASSWORD = "kafka-Pa55word";
    private static final String REDIS_PASSWORD = "redis-Pa55word";
    private static final Duration PATIENCE = Fleet.PATIENCE;
    private static final Path DOCUMENT = Path.of("../docs/security.md");

    private final HttpClient http = HttpClient.newHttpClient();

    @TempDir
    Path folder;

    @Test
    void a_transfer_and_a_rebuild_need_no_more_than_the_documented_rights() throws Exception {
        Certificate certificate = Certificate.make(folder);
        int secure = Ports.free();
        int redisTls = Ports.free();
        try (KafkaBroker broker = broker(secure, certificate);
                RedisServer redis = RedisServer.start(folder.resolve("redis"), Ports.free(), "--tls-port",
                        "" + redisTls, "--tls-cert-file", certificate.pem().toString(), "--tls-key-file",
                        certificate.key().toString(), "--tls-ca-cert-file", certificate.pem().toString(),
                        "--tls-auth-clients", "no")) {
            allow(broker);
            redis.call(redisAcl());
            Map<String, String> common = new LinkedHashMap<>();
            common.put("hive.partitions", "4");
            common.put("hive.topics.create", "false");
            common.put("hive.aggregates", String.join(",", AGGREGATES));
            common.put("hive.sagas", SAGA);
            common.put("spring.kafka.bootstrap-servers", "127.0.0.1:" + secure);
            common.put("spring.kafka.security.protocol", "SASL_SSL");
            common.put("spring.kafka.properties.sasl.mechanism", "SCRAM-SHA-512");
            common.put("spring.ssl.bundle.pem.own.truststore.certificate", certificate.pem().toUri().toString());
            common.put("spring.kafka.ssl.trust-store-type", "PEM");
            common.put("spring.kafka.ssl.trust-store-location", certificate.pem().toUri().toString());
            common.put("spring.data.redis.ssl.bundle", "own");
            try (BootApp processor = app("command-processor", common, redisTls);
                    BootApp sagas = app("saga-manager", common, redisTls)) {
                processor.start();
                sagas.start();
                processor.awaitReady(PATIENCE);
                sagas.awaitReady(PATIENCE);
                command(processor, "account/ada/open", "{\"owner\":\"Ada\"}");
                command(processor, "account/bob/open", "{\"owner\":\"Bob\"}");
                command(processor, "account/ada/deposit", "{\"amount\":50}");
                command(processor, "transfer/t/request", "{\"from\":\"ada\",\"to\":\"bob\",\"amount\":20}");
                await().atMost(PATIENCE)
                        .until(() -> get(processor, "/v1/transfer/t").contains("COMPLETED"));
                assertThat(get(processor, "/v1/account/bob")).contains("\"balance\":20");

                for (String work : List.of("verify", "rebuild --activate")) {
                    Job job = rebuilder(common, redisTls, work.split(" "));
                    assertThat(job.code()).as(work + job.out()).isZero();
                }
                for (BootApp app : List.of(processor, sagas)) {
                    discreet(get(app, "/actuator/prometheus") + get(app, "/actuator/health")
                            + get(app, "/actuator/metrics"));
                }
            }
            strangers(common, redisTls);
            withoutTheRightToTheInboxsSettings(broker, common, redisTls);
        }
        try (Stream<Path> logs = Files.walk(folder)) {
            for (Path log : logs.filter(file -> file.toString().matches(".*/apps/.*\\.(log|out)")).toList()) {
                discreet(Files.readString(log));
            }
        }
    }

    /** Wrong passwords and missing rights are told, and without the secrets. */
    private void strangers(Map<String, String> common, int redisTls) throws Exception {
        try (BootApp stranger = app("command-processor", common, redisTls)
                .environment("SPRING_KAFKA_PROPERTIES_SASL_JAAS_CONFIG",
                        login("command-processor", "no" + KAFKA_PASSWORD))) {
            stranger.start();
            awaitLog(stranger, "Authentication failed");
        }
        try (BootApp stranger = app("command-processor", common, redisTls)
                .environment("SPRING_KAFKA_PROPERTIES_SASL_JAAS_CONFIG", login("cache-rebuilder", KAFKA_PASSWORD))) {
            stranger.start();
            awaitLog(stranger, "This user needs DESCRIBE on the topic '");
        }
        try (BootApp stranger = app("command-processor", common, redisTls)
                .environment("SPRING_DATA_REDIS_URL", "rediss://hive:no" + REDIS_PASSWORD + "@127.0.0.1:" + redisTls)) {
            stranger.start();
            awaitLog(stranger, "WRONGPASS");
        }
    }

    /** An inbox that earlier versions may process is refused, with what somebody else can do about it. */
    private void withoutTheRightToTheInboxsSettings(KafkaBroker broker, Map<String, String> common, int redisTls)
            throws Exception {
        String inbox = SAGA + ".inbox";
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            assertThat(admin.deleteAcls(List.of(new AclBindingFilter(
                    new ResourcePatternFilter(ResourceType.TOPIC, inbox, PatternType.LITERAL),
                    new AccessControlEntryFilter("User:saga-manager", null, AclOperation.ALTER_CONFIGS,
                            AclPermissionType.ANY))))
                    .all().get()).hasSize(1);
            admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, inbox),
                    List.of(new AlterConfigOp(new ConfigEntry("retention.bytes", "-1"), AlterConfigOp.OpType.SET))))
                    .all().get();
        }
        try (BootApp sagas = app("saga-manager", common, redisTls)) {
            sagas.start();
            awaitLog(sagas, "The topic '" + inbox
                    + "' has retention.bytes=-1, and this user may not change it. Set it to "
                    + "9223372036854775807 (kafka-configs.sh --alter --entity-type topics --entity-name " + inbox
                    + " --add-config retention.bytes=9223372036854775807), by which saga-managers of older versions refuse "
                    + "to start, or grant ALTER_CONFIGS on the topic");
        }
    }

    private static void awaitLog(BootApp app, String text) {
        await().atMost(PATIENCE).until(() -> app.process().log().contains(text));
        app.kill();
    }

    private static void discreet(String text) {
        assertThat(text).doesNotContain(KAFKA_PASSWORD, REDIS_PASSWORD);
    }

    private BootApp app(String name, Map<String, String> common, int redisTls) {
        BootApp app = new BootApp(name, Path.of("..", name, "target", name + "-boot.jar"), Ports.free(),
                folder.resolve("apps"))
                .domains(Fleet.samples()).unpacked().property("hive.instance", "one")
                .jvmOptions("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
        common.forEach(app::property);
        environment(name, redisTls).forEach(app::environment);
        return app;
    }

    private Job rebuilder(Map<String, String> common, int redisTls, String... work) {
        List<String> program = Child.jvm("-Xmx512m", "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC", "-Dloader.path=" + Fleet.samples(), "-jar",
                "../cache-rebuilder/target/cache-rebuilder-boot.jar");
        program.set(program.size() - 1, Path.of(program.getLast()).toAbsolutePath().toString());
        program.addAll(Arrays.asList(work));
        common.forEach((name, value) -> program.add("--" + name + "=" + value));
        return Job.run("cache-rebuilder", program, environment("cache-rebuilder", redisTls), folder.resolve("apps"),
                PATIENCE);
    }

    private static Map<String, String> environment(String user, int redisTls) {
        return Map.of("SPRING_KAFKA_PROPERTIES_SASL_JAAS_CONFIG", login(user, KAFKA_PASSWORD),
                "SPRING_DATA_REDIS_URL", "rediss://hive:" + REDIS_PASSWORD + "@127.0.0.1:" + redisTls);
    }

    private static String login(String user, String password) {
        return "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" + user + "\" password=\""
                + password + "\";";
    }

    private KafkaBroker broker(int secure, Certificate certificate) {
        int plain = Ports.free();
        int controller = Ports.free();
        return KafkaBroker.start(folder.resolve("kafka"), plain, Map.ofEntries(
                Map.entry("listeners",
                        "PLAINTEXT://127.0.0.1:" + plain + ",CONTROLLER://127.0.0.1:" + controller
                                + ",SECURE://127.0.0.1:"
                                + secure),
                Map.entry("advertised.listeners", "PLAINTEXT://127.0.0.1:" + plain + ",SECURE://127.0.0.1:" + secure),
                Map.entry("controller.quorum.voters", "1@127.0.0.1:" + controller),
                Map.entry("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL"),
                Map.entry("inter.broker.listener.name", "PLAINTEXT"),
                Map.entry("sasl.enabled.mechanisms", "SCRAM-SHA-512"),
                Map.entry("listener.name.secure.scram-sha-512.sasl.jaas.config",
                        "org.apache.kafka.common.security.scram.ScramLoginModule required;"),
                Map.entry("ssl.keystore.type", "PKCS12"),
                Map.entry("ssl.keystore.location", certificate.store().toString()),
                Map.entry("ssl.keystore.password", Certificate.PASSWORD),
                Map.entry("ssl.key.password", Certificate.PASSWORD),
                Map.entry("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
                // who comes to the plain listener: the broker itself, and this test
                Map.entry("super.users", "User:ANONYMOUS")));
    }

    /** The users, the topics, and the rights of the document's table. */
    private static void allow(KafkaBroker broker) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.alterUserScramCredentials(APPS.stream()
                    .map(app -> new UserScramCredentialUpsertion(app,
                            new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4_096), KAFKA_PASSWORD))
                    .map(org.apache.kafka.clients.admin.UserScramCredentialAlteration.class::cast).toList()).all()
                    .get();
            List<NewTopic> topics = new ArrayList<>();
            for (String aggregate : AGGREGATES) {
                topics.addAll(List.of(topic(aggregate + ".commands", false), topic(aggregate + ".events", true),
                        topic(aggregate + ".results", false), topic(aggregate + ".commands.dlq", true)));
            }
            topics.addAll(List.of(topic(SAGA + ".inbox", true), topic(SAGA + ".inbox.dlq", true),
                    new NewTopic(SAGA + ".history", Optional.of(4), Optional.empty())
                            .configs(Map.of("retention.ms", "-1",
                                    "retention.bytes", "-1", "max.message.bytes", "4194304"))));
            admin.createTopics(topics).all().get();
            List<AclBinding> rights = rights();
            assertThat(rights).hasSizeGreaterThan(30);
            admin.createAcls(rights).all().get();
        }
    }

    private static NewTopic topic(String name, boolean kept) {
        NewTopic topic = new NewTopic(name, Optional.of(4), Optional.empty());
        return kept
                ? topic.configs(Map.of("cleanup.policy", "delete", "retention.ms", "-1", "retention.bytes", "-1"))
                : topic;
    }

    private static List<AclBinding> rights() throws IOException {
        List<AclBinding> rights = new ArrayList<>();
        for (String line : Files.readAllLines(DOCUMENT)) {
            List<String> cells = Stream.of(line.split("\\|")).map(String::strip).skip(1).toList();
            if (cells.size() != 4 || !APPS.contains(cells.getFirst())) {
                continue;
            }
            String name = cells.get(2).replace("`", "");
            List<String> names = name.contains("<aggregate>")
                    ? AGGREGATES.stream().map(aggregate -> name.replace("<aggregate>", aggregate)).toList()
                    : List.of(name.replace("<saga>", SAGA));
            for (String each : names) {
                boolean prefix = each.endsWith("*");
                ResourcePattern resource = new ResourcePattern(
                        ResourceType.fromString(cells.get(1).replace('-', '_').toUpperCase(Locale.ROOT)),
                        each.replace("*", ""), prefix ? PatternType.PREFIXED : PatternType.LITERAL);
                for (String operation : cells.get(3).split(", ")) {
                    rights.add(new AclBinding(resource, new AccessControlEntry("User:" + cells.getFirst(), "*",
                            AclOperation.fromString(operation), AclPermissionType.ALLOW)));
                }
            }
        }
        return rights;
    }

    private static String[] redisAcl() throws IOException {
        String line = Files.readAllLines(DOCUMENT).stream().filter(text -> text.startsWith("user ")).findFirst()
                .orElseThrow();
        assertThat(line).contains(" #SHA256 ").doesNotContain(">");
        // a line of an ACL file is what the command takes
        return ("ACL SETUSER" + line.substring("user".length()).replace("SHA256", sha256(REDIS_PASSWORD))).split(" ");
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of().formatHex(
                    MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private void command(BootApp app, String path, String json) throws IOException, InterruptedException {
        var answer = http.send(HttpRequest.newBuilder(URI.create(app.url() + "/v1/" + path))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(json)).build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private String get(BootApp app, String path) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(app.url() + path)).build(), BodyHandlers.ofString()).body();
    }

    /** Of 127.0.0.1, signed by itself: a key store for the broker, PEM files for Redis and the clients. */
    private record Certificate(Path store, Path pem, Path key) {

        static final String PASSWORD = "changeit";

        static Certificate make(Path folder) throws Exception {
            Path store = folder.resolve("server.p12");
            Path keytool = Path.of(Child.java()).resolveSibling("keytool");
            Process made = new ProcessBuilder(keytool.toString(), "-genkeypair", "-alias", "server", "-keyalg", "RSA",
                    "-keysize", "2048", "-dname", "CN=127.0.0.1", "-ext", "SAN=ip:127.0.0.1", "-validity", "2",
                    "-storetype",
                    "PKCS12", "-keystore", store.toString(), "-storepass", PASSWORD).inheritIO().start();
            assertThat(made.waitFor()).isZero();
            KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
            return new Certificate(store,
                    pem(folder.resolve("server.pem"), "CERTIFICATE", keys.getCertificate("server").getEncoded()),
                    pem(folder.resolve("server.key"), "PRIVATE KEY",
                            keys.getKey("server", PASSWORD.toCharArray()).getEncoded()));
        }

        private static Path pem(Path file, String what, byte[] content) throws IOException {
            return Files.writeString(file, "-----BEGIN " + what + "-----\n"
                    + Base64.getMimeEncoder(64, new byte[]{'\n'}).encodeToString(content) + "\n-----END " + what
                    + "-----\n");
        }
    }
}
