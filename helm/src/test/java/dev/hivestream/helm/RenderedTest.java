package dev.hivestream.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds of the chart with each of the value files. */
@ParameterizedClass
@MethodSource("valueFiles")
class RenderedTest {

    private static final Set<String> RESTRICTED_VOLUMES = Set.of("name", "configMap", "csi", "downwardAPI", "emptyDir",
            "ephemeral", "persistentVolumeClaim", "projected", "secret");

    @Parameter
    private Path file;

    private Map<String, Object> values;
    private Chart chart;
    private List<Manifest> manifests;

    static List<Path> valueFiles() {
        return Chart.valueFiles();
    }

    @BeforeEach
    void render() throws IOException {
        values = Yaml.map(Files.readString(file));
        chart = Chart.with(file);
        manifests = chart.render();
    }

    @Test
    void it_lints() {
        var lint = chart.lint();

        assertThat(lint.isFailed()).as(lint.getMessages().toString()).isFalse();
    }

    @Test
    void each_manifest_is_read_strictly() {
        manifests.forEach(manifest -> assertThatCode(() -> Strictly.read(manifest)).as(manifest.toString())
                .doesNotThrowAnyException());
    }

    @Test
    void names_are_unique_and_short_enough() {
        assertThat(manifests.stream().map(Manifest::toString)).doesNotHaveDuplicates();
        // a StatefulSet's name and eleven characters more are a label of its pods
        assertThat(manifests).allSatisfy(one -> assertThat(one.name()).matches("[a-z]([-a-z0-9]*[a-z0-9])?")
                .hasSizeLessThanOrEqualTo(one.kind().equals("StatefulSet") ? 52 : 63));
        assertThat(manifests).allSatisfy(one -> assertThat(one.labels().values())
                .allSatisfy(label -> assertThat(label).hasSizeLessThanOrEqualTo(63)));
    }

    @Test
    void selectors_find_the_pods_that_they_are_meant_for() {
        List<Manifest> pods = manifests.stream().filter(one -> one.pod() != null).map(Manifest::pod).toList();
        for (Manifest one : manifests) {
            Map<String, String> selector = switch (one.kind()) {
                case "Service" -> one.texts("spec.selector");
                case "StatefulSet", "PodDisruptionBudget" -> one.texts("spec.selector.matchLabels");
                default -> Map.of();
            };
            if (selector.isEmpty()) {
                continue;
            }
            List<Manifest> found = pods.stream().filter(pod -> pod.labels().entrySet().containsAll(selector.entrySet()))
                    .toList();
            assertThat(found).as(one.toString()).hasSize(1);
            if (one.kind().equals("StatefulSet")) {
                assertThat(found).containsExactly(one.pod());
                one.pod().elements("spec.topologySpreadConstraints").forEach(spread -> assertThat(
                        Manifest.texts(Manifest.at(spread, "labelSelector.matchLabels"))).isEqualTo(selector));
                assertThat(manifests).anyMatch(service -> service.kind().equals("Service")
                        && service.name().equals(one.text("spec.serviceName")));
            }
            for (JsonObject port : one.kind().equals("Service") ? one.elements("spec.ports") : List.<JsonObject>of()) {
                assertThat(Manifest.elements(found.getFirst().containers().getFirst(), "ports"))
                        .as(one + " " + port).anySatisfy(there -> {
                            assertThat(there.get("name")).isEqualTo(port.get("targetPort"));
                            assertThat(there.get("containerPort")).isEqualTo(port.get("port"));
                        });
            }
        }
    }

    @Test
    void what_pods_refer_to_is_there() {
        Set<String> given = texts(values);
        for (Manifest one : manifests) {
            Manifest pod = one.pod();
            if (pod == null) {
                continue;
            }
            Set<String> volumes = new TreeSet<>();
            pod.elements("spec.volumes").forEach(volume -> {
                volumes.add(volume.get("name").getAsString());
                String map = Manifest.at(volume, "configMap.name").isJsonPrimitive()
                        ? Manifest.at(volume, "configMap.name").getAsString()
                        : "";
                // a hook's own come before the release's
                assertThat(map.isEmpty() || given.contains(map) || manifests.stream().anyMatch(
                        other -> other.kind().equals("ConfigMap") && other.name().equals(map)
                                && other.isHook() == one.isHook()))
                        .as(one + " " + map).isTrue();
            });
            pod.containers().forEach(container -> {
                List<String> mounts = Manifest.elements(container, "volumeMounts").stream()
                        .map(mount -> mount.get("name").getAsString()).toList();
                assertThat(volumes).as(one.toString()).containsAll(mounts);
                assertThat(mounts).doesNotHaveDuplicates();
            });
            String account = pod.text("spec.serviceAccountName");
            assertThat(account.equals("default") || given.contains(account) || manifests.stream().anyMatch(
                    other -> other.kind().equals("ServiceAccount") && other.name().equals(account)
                            && (one.kind().equals("Pod") || other.isHook() == one.isHook())))
                    .as(one + " " + account).isTrue();
        }
    }

    @Test
    void secrets_come_from_those_that_are_named_and_their_contents_from_nowhere() {
        Set<String> given = texts(values);
        assertThat(manifests).noneMatch(one -> one.kind().equals("Secret"));
        for (Manifest one : manifests) {
            names(one.json(), "secretKeyRef", "name")
                    .forEach(name -> assertThat(given).as(one.toString()).contains(name));
            names(one.json(), "secret", "secretName")
                    .forEach(name -> assertThat(given).as(one.toString()).contains(name));
            if (one.kind().equals("ConfigMap") && one.at("data.application.yaml") != null) {
                String application = Manifest.texts(one.at("data")).getOrDefault("application.yaml", "");
                assertThat(Yaml.map(application).keySet())
                        .noneMatch(property -> property.matches("(?i).*(password|jaas|secret|username).*"));
            }
            if (one.pod() != null) {
                one.pod().containers().forEach(container -> assertThat(String.valueOf(container.get("args")))
                        .doesNotContainIgnoringCase("password"));
            }
        }
    }

    @Test
    void each_variable_is_set_once_and_before_it_is_used() {
        manifests.stream().filter(one -> one.pod() != null).forEach(one -> one.pod().containers().forEach(container -> {
            List<String> names = new ArrayList<>();
            for (JsonObject variable : Manifest.elements(container, "env")) {
                String value = variable.has("value") ? variable.get("value").getAsString() : "";
                Pattern.compile("\\$\\((\\w+)\\)").matcher(value).results()
                        .forEach(used -> assertThat(names).as(one.toString()).contains(used.group(1)));
                names.add(variable.get("name").getAsString());
            }
            assertThat(names).as(one.toString()).doesNotHaveDuplicates();
        }));
    }

    @Test
    void all_pods_run_under_the_restricted_standard() {
        manifests.stream().filter(one -> one.pod() != null).forEach(one -> {
            Manifest pod = one.pod();
            assertThat(pod.text("spec.securityContext.runAsNonRoot")).as(one.toString()).isEqualTo("true");
            assertThat(pod.text("spec.securityContext.seccompProfile.type")).isEqualTo("RuntimeDefault");
            assertThat(pod.text("spec.securityContext.runAsUser")).isEqualTo("10001");
            assertThat(pod.text("spec.automountServiceAccountToken")).isEqualTo("false");
            assertThat(pod.text("spec.enableServiceLinks")).isEqualTo("false");
            assertThat(pod.at("spec").getAsJsonObject().keySet()).doesNotContain("hostNetwork", "hostPID", "hostIPC");
            pod.elements("spec.volumes").forEach(volume -> assertThat(RESTRICTED_VOLUMES).containsAll(volume.keySet()));
            assertThat(pod.containers()).isNotEmpty().allSatisfy(container -> {
                JsonObject security = container.getAsJsonObject("securityContext");
                assertThat(security.get("allowPrivilegeEscalation").getAsBoolean()).isFalse();
                assertThat(security.get("readOnlyRootFilesystem").getAsBoolean()).isTrue();
                assertThat(security.getAsJsonObject("capabilities")).hasToString("{\"drop\":[\"ALL\"]}");
                assertThat(security.keySet()).doesNotContain("privileged", "procMount");
                Manifest.elements(container, "ports").forEach(port -> assertThat(port.has("hostPort")).isFalse());
                assertThat(container.getAsJsonObject("resources").keySet()).contains("requests", "limits");
            });
        });
    }

    @Test
    void apps_are_probed_on_the_management_port_and_have_time_to_stop() {
        manifests.stream().filter(one -> one.kind().equals("StatefulSet")).forEach(one -> {
            JsonObject container = one.pod().containers().getFirst();
            Map.of("startupProbe", "liveness", "livenessProbe", "liveness", "readinessProbe", "readiness")
                    .forEach((probe, path) -> {
                        JsonElement get = Manifest.at(container, probe + ".httpGet");
                        assertThat(Manifest.at(get, "path").getAsString()).isEqualTo("/actuator/health/" + path);
                        assertThat(Manifest.at(get, "port").getAsString()).isEqualTo("management");
                    });
            assertThat(variable(container, "MANAGEMENT_SERVER_PORT").get("value").getAsString()).isEqualTo("8081");
            assertThat(Manifest.at(variable(container, "HIVE_INSTANCE"), "valueFrom.fieldRef.fieldPath").getAsString())
                    .isEqualTo("metadata.name");
            assertThat(one.text("spec.podManagementPolicy")).isEqualTo("Parallel");
            // hive.shutdown, and five seconds for each of four phases
            assertThat(one.pod().at("spec.terminationGracePeriodSeconds").getAsInt()).isGreaterThan(6 + 4 * 5);
        });
    }

    @Test
    void nothing_is_scaled_twice_or_beyond_its_partitions() {
        List<String> scaled = manifests.stream()
                .filter(one -> Set.of("HorizontalPodAutoscaler", "ScaledObject").contains(one.kind()))
                .map(one -> one.text("spec.scaleTargetRef.name")).toList();
        assertThat(scaled).doesNotHaveDuplicates();
        manifests.stream().filter(one -> one.kind().equals("StatefulSet")).forEach(one -> assertThat(
                one.at("spec").getAsJsonObject().has("replicas")).as(one.toString())
                .isEqualTo(!scaled.contains(one.name())));
    }

    private static JsonObject variable(JsonObject container, String name) {
        return Manifest.elements(container, "env").stream()
                .filter(variable -> variable.get("name").getAsString().equals(name)).findFirst().orElseThrow();
    }

    /** All texts in a tree of values. */
    private static Set<String> texts(Object tree) {
        Set<String> texts = new TreeSet<>();
        if (tree instanceof Map<?, ?> map) {
            map.values().forEach(value -> texts.addAll(texts(value)));
        } else if (tree instanceof List<?> list) {
            list.forEach(value -> texts.addAll(texts(value)));
        } else if (tree instanceof String text) {
            texts.add(text);
        }
        return texts;
    }

    /** The texts under one name in all objects of another. */
    private static List<String> names(JsonElement json, String object, String name) {
        List<String> found = new ArrayList<>();
        if (json.isJsonArray()) {
            json.getAsJsonArray().forEach(each -> found.addAll(names(each, object, name)));
        } else if (json.isJsonObject()) {
            json.getAsJsonObject().entrySet().forEach(entry -> {
                if (entry.getKey().equals(object) && Manifest.at(entry.getValue(), name).isJsonPrimitive()) {
                    found.add(Manifest.at(entry.getValue(), name).getAsString());
                }
                found.addAll(names(entry.getValue(), object, name));
            });
        }
        return found;
    }
}
