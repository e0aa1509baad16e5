package dev.hivestream.helm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cache-rebuilder, on demand and before an upgrade. */
class RebuildTest {

    private static final String NAME = Chart.RELEASE + "-hive-stream-processor-rebuild";
    private static final String HOOK = NAME + "-hook";

    @TempDir
    private Path folder;

    @Test
    void before_an_upgrade_a_generation_is_built_compared_and_activated() throws IOException {
        List<Manifest> manifests = render("hook.yaml");
        Manifest job = AppsTest.one(manifests, "Job", HOOK);

        assertThat(job.at("spec.template.spec.containers.0.args"))
                .hasToString("[\"rebuild\",\"--activate\",\"--keep\",\"3\",\"--on-poison\",\"park\"]");
        assertThat(job.text("spec.template.spec.restartPolicy")).isEqualTo("Never");
        assertThat(job.text("spec.backoffLimit")).isEqualTo("3");
        assertThat(job.text("spec.activeDeadlineSeconds")).isEqualTo("7200");
        assertThat(AppsTest.environment(job)).containsEntry("PROCESSOR_TYPE", "consumer");
        assertThat(AppsTest.application(manifests, HOOK))
                .containsEntry("hive.aggregates", List.of("content", "account"))
                .containsEntry("hive.sagas", List.of("money-transfer")).containsEntry("hive.rebuild.patience", "2m")
                .containsEntry("hive.rebuild.owners", "command-processor");
    }

    @Test
    void the_hook_brings_all_that_its_pod_needs_and_brings_it_first() throws IOException {
        List<Manifest> hooks = render("hook.yaml").stream()
                .filter(one -> "pre-upgrade".equals(one.annotations().get(Chart.HOOK))).toList();

        assertThat(hooks).extracting(Manifest::kind).containsExactlyInAnyOrder("ServiceAccount", "ConfigMap",
                "NetworkPolicy", "Job");
        assertThat(hooks).allSatisfy(one -> {
            assertThat(one.name()).isEqualTo(HOOK);
            assertThat(one.annotations()).containsEntry("helm.sh/hook-delete-policy",
                    "before-hook-creation,hook-succeeded").containsEntry("helm.sh/hook-weight",
                            one.kind().equals("Job") ? "0" : "-10");
        });
        Manifest job = AppsTest.one(hooks, "Job", HOOK);
        assertThat(job.text("spec.template.spec.serviceAccountName")).isEqualTo(HOOK);
        assertThat(job.pod().labels().entrySet()).containsAll(
                AppsTest.one(hooks, "NetworkPolicy", HOOK).texts("spec.podSelector.matchLabels").entrySet());
    }

    @Test
    void an_account_that_exists_is_taken_as_it_is() throws IOException {
        List<Manifest> manifests = render("hook-foreign-account.yaml");

        assertThat(manifests).noneMatch(one -> one.kind().equals("ServiceAccount"));
        assertThat(AppsTest.one(manifests, "Job", HOOK).text("spec.template.spec.serviceAccountName"))
                .isEqualTo("given");
    }

    @Test
    void a_job_on_demand_has_another_name_as_soon_as_anything_differs() throws IOException {
        String first = job("verify", "1", 1).name();

        assertThat(job("verify", "1", 2).name()).isEqualTo(first).startsWith(NAME + "-");
        assertThat(job("dry-run", "1", 3).name()).isNotEqualTo(first);
        assertThat(job("verify", "2", 4).name()).isNotEqualTo(first);
        assertThat(job("verify", "1", 5).isHook()).isFalse();
    }

    private Manifest job(String argument, String run, int number) throws IOException {
        return Chart.with(folder.resolve("job" + number), Map.of("cacheRebuilder",
                Map.of("job", Map.of("enabled", true, "arguments", List.of(argument), "run", run)))).render().stream()
                .filter(one -> one.kind().equals("Job")).findFirst().orElseThrow();
    }

    private List<Manifest> render(String file) throws IOException {
        return Chart.with(Chart.VALUES.resolve(file)).render();
    }
}
