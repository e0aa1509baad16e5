package dev.hivestream.helm;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StrictlyTest {

    private static final String POD = """
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: a}
            spec:
              serviceName: a
              selector: {matchLabels: {a: b}}
              template:
                metadata: {labels: {a: b}}
                spec:
                  containers:
                    - name: a
                      env: [{name: A, value: "1"}]
                      readinessProbe: {httpGet: {path: /, port: management}, periodSeconds: 3}
                      resources: {limits: {memory: 1Gi}}
                  topologySpreadConstraints:
                    - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {a: b}}}
            """;
    private static final String SCALED = """
            apiVersion: keda.sh/v1alpha1
            kind: ScaledObject
            metadata: {name: a}
            spec: {minReplicaCount: 1, triggers: [{type: kafka, metadata: {lagThreshold: "1"}}]}
            """;

    @Test
    void what_is_right_is_taken() {
        assertThatCode(() -> read(POD)).doesNotThrowAnyException();
        assertThatCode(() -> read(SCALED)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            serviceName: a          | servisName: a              | servisName
            name: a}                | nome: a}                   | nome
            periodSeconds           | periodSecs                 | periodSecs
            path: /                 | pfad: /                    | pfad
            value: "1"              | values: "1"                | values
            value: "1"              | value: 1                   | value is 1
            limits:                 | limit:                     | limit
            matchLabels: {a: b}}}   | matchLabel: {a: b}}}       | matchLabel
            labels: {a: b}          | labels: {a: 1}             | labels.a is 1
            maxSkew: 1              | maxSkew: one               | one
            kind: StatefulSet       | kind: StatefulSets         | StatefulSets
            """)
    void a_mistake_is_caught_at_any_depth(String right, String wrong, String named) {
        assertThatIllegalArgumentException().isThrownBy(() -> read(POD.replace(right, wrong)))
                .withMessageContaining(named);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            minReplicaCount         | minReplicas                | minReplicas
            lagThreshold: "1"       | lagThreshold: 1            | lagThreshold is 1
            lagThreshold            | lagTreshold                | lagTreshold
            """)
    void so_it_is_in_the_resources_of_operators(String right, String wrong, String named) {
        assertThatIllegalArgumentException().isThrownBy(() -> read(SCALED.replace(right, wrong)))
                .withMessageContaining(named);
    }

    private static void read(String yaml) {
        Manifest.all(yaml).forEach(Strictly::read);
    }
}
