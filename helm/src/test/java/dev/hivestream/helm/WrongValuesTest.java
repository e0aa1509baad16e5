package dev.hivestream.helm;

import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What cannot work is refused, and the message names the field. */
class WrongValuesTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @MethodSource("wrong")
    void a_wrong_value_is_refused_by_its_name(String values, String named) throws IOException {
        Chart chart = Chart.with(folder.resolve("chart"), Yaml.map(values));

        assertThatIllegalStateException().isThrownBy(chart::render).withMessageContaining(named);
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                // of another type, misspelt, or not among those that there are
                arguments("hive: {partitions: eight}", "/hive/partitions"),
                arguments("hive: {partitions: 0}", "/hive/partitions"),
                arguments("partitions: 8", "'partitions' not allowed"),
                arguments("kafka: {bootstrapServer: kafka:9092}", "'bootstrapServer' not allowed"),
                arguments("kafka: {bootstrapServers: kafka}", "/kafka/bootstrapServers"),
                arguments("kafka: {securityProtocol: TLS}", "/kafka/securityProtocol"),
                arguments("commandProcessors: [{name: a, replica: 2}]", "'replica' not allowed"),
                arguments("commandProcessors: [{aggregates: [a]}]", "/commandProcessors/0"),
                arguments("commandProcessors: [{name: Content}]", "/commandProcessors/0/name"),
                arguments("commandProcessors: [{name: much-more-than-twenty}]", "/commandProcessors/0/name"),
                arguments("image: {digest: latest}", "/image/digest"),
                arguments("defaults: {terminationGracePeriodSeconds: 5}", "/terminationGracePeriodSeconds"),
                arguments("defaults: {resources: {limits: {memory: much}}}", "/resources/limits/memory"),
                arguments("observability: {logging: {format: json}}", "/observability/logging/format"),
                arguments("observability: {tracing: {sampling: 2}}", "/observability/tracing/sampling"),
                // a secret where all can read it
                arguments("properties: {spring.data.redis.password: secret}", "spring.data.redis.password"),
                arguments("defaults: {properties: {spring.kafka.properties.sasl.jaas.config: x}}",
                        "spring.kafka.properties.sasl.jaas.config"),
                arguments("env: [{name: REDIS_PASSWORD, value: secret}]", "/env/0"),
                arguments("kafka: {sasl: {password: secret}}", "'password' not allowed"),
                arguments("cacheRebuilder: {job: {arguments: [verify, --redis, 'redis://u:p@h']}}",
                        "/cacheRebuilder/job/arguments/1"),
                arguments("redis: {standalone: {host: 'redis://u:p@h'}}", "/redis/standalone/host"),
                // two things of which there can be one
                arguments("redis: {standalone: {host: a}, cluster: {nodes: [a:1]}}", "/redis"),
                arguments("redis: {sentinel: {master: m, nodes: [a:1]}, cluster: {nodes: [a:1]}}", "/redis"),
                arguments("commandProcessors: [{name: a, autoscaling: {hpa: {enabled: true}, keda: {enabled: true}}}]",
                        "/commandProcessors/0/autoscaling"),
                arguments("{defaults: {autoscaling: {hpa: {enabled: true}}},"
                        + " commandProcessors: [{name: a, autoscaling: {keda: {enabled: true}}}]}",
                        "commandProcessors[0] (a).autoscaling: hpa and keda"),
                arguments("domain: {path: /a, image: {repository: b}}", "domain: path and image are set"),
                arguments("security: {jwt: {issuerUri: 'https://a', publicKey: {configMap: b}}}",
                        "security.jwt.publicKey is set beside issuerUri"),
                arguments("security: {jwt: {publicKey: {configMap: a, existingSecret: b}}}", "security.jwt.publicKey"),
                // more than the partitions
                arguments("defaults: {replicas: 9}", "commandProcessors[0] (commands).replicas is 9"),
                arguments("commandProcessors: [{name: a, autoscaling: {keda: {enabled: true, maxReplicas: 9}}}]",
                        "commandProcessors[0] (a).autoscaling.keda.maxReplicas is 9"),
                arguments("sagaManagers: [{name: s, autoscaling: {hpa: {enabled: true, maxReplicas: 12}}}]",
                        "sagaManagers[0] (s).autoscaling.hpa.maxReplicas is 12"),
                arguments("commandProcessors: [{name: a, autoscaling: {hpa: {enabled: true, minReplicas: 6}}}]",
                        "autoscaling.hpa.minReplicas is 6"),
                // entries that are in each other's way
                arguments("sagaManagers: [{name: commands}]", "sagaManagers[0] (commands).name"),
                arguments("commandProcessors: [{name: a, aggregates: [x]}, {name: b, aggregates: [x]}]",
                        "commandProcessors[1] (b).aggregates: x"),
                arguments("commandProcessors: [{name: a, aggregates: [x]}, {name: b}]",
                        "commandProcessors[1] (b).aggregates is empty"),
                arguments("sagaManagers: [{name: a, sagas: [x]}, {name: b, routerGroup: r}]",
                        "sagaManagers[1] (b).sagas is empty"),
                arguments("{env: [{name: A, value: b}], cacheRebuilder: {env: [{name: A, value: c}],"
                        + " job: {enabled: true}}}", "A is set already"),
                arguments("env: [{name: HIVE_INSTANCE, value: b}]", "env: HIVE_INSTANCE is set already"),
                // something that is wanted with it
                arguments("kafka: {securityProtocol: SASL_SSL}", "kafka.sasl.existingSecret is empty"),
                arguments("kafka: {securityProtocol: SASL_SSL, sasl: {mechanism: GSSAPI, existingSecret: a}}",
                        "kafka.sasl.jaasKey is empty"),
                arguments("kafka: {securityProtocol: SSL, tls: {type: PKCS12, trust: {existingSecret: a}}}",
                        "kafka.tls.trust.passwordKey is empty"),
                arguments("kafka: {tls: {trust: {existingSecret: a}}}", "kafka.securityProtocol is PLAINTEXT"),
                arguments("redis: {tls: {caSecret: a}}", "redis.tls.enabled is false"),
                arguments("redis: {sentinel: {nodes: [a:1]}}", "redis.sentinel.master is empty"),
                arguments("redis: {cluster: {nodes: [a:1]}, database: 1}", "redis.database is 1"),
                arguments("security: {jwt: {audiences: [a]}}", "security.jwt.audiences is set"),
                arguments("{kafka: {securityProtocol: SASL_PLAINTEXT, sasl: {existingSecret: a, jaasKey: j}},"
                        + " defaults: {autoscaling: {keda: {enabled: true}}}}", "autoscaling.keda.authenticationRef"),
                arguments(
                        "{commandProcessors: [{name: a, aggregates: [x]}], test: {command: {aggregate: z, name: create}}}",
                        "test.command.aggregate is z"));
    }
}
