package dev.hivestream.cacherebuilder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.runtime.message.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** All differences are counted, whatever number of instances they are of, and a bounded number is kept. */
class EffectDifferencesTest {

    private static final int INSTANCES = 3_000;

    @Test
    void a_thousand_instances_are_named_and_all_are_counted() {
        EffectDifferences all = new EffectDifferences();
        for (String slot : List.of("order:0", "order:1")) {
            EffectDifferences one = new EffectDifferences();
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < INSTANCES; i++) {
                    one.add(slot, slot + "-" + i, i, round + 1, "shop.placed", List.of("send this"),
                            List.of("send that"));
                }
            }
            for (int i = 0; i < 10; i++) {
                one.addBroken(slot, slot + "-other-" + i, "no");
            }
            all.addAll(one);
        }
        assertThat(all.json()).containsEntry("effectDifferences", 4L * INSTANCES)
                .containsEntry("differingInstances", 2L * INSTANCES + 20).containsEntry("brokenInstances", 20L);
        assertThat((List<?>) all.json().get("instances")).hasSize(1_000).first()
                .extracting(one -> ((Map<?, ?>) one).get("count")).isEqualTo(2L);
        assertThat(all.text()).startsWith("12,000 messages of 6,000 saga instances would have other effects with this "
                + "code, and it cannot go on with 20 instances.").contains("--json has those of 1,000 instances");
    }

    @Test
    void long_texts_of_many_messages_are_not_kept() {
        EffectDifferences one = new EffectDifferences();
        List<String> effects = java.util.stream.IntStream.range(0, 20).mapToObj(i -> i + "x".repeat(1_000)).toList();
        for (int i = 0; i < INSTANCES; i++) {
            one.add("order:0", "o-" + i, i, 1, "shop.placed", effects, List.of());
        }
        EffectDifferences all = new EffectDifferences();
        all.addAll(one);
        assertThat(Json.TOLERANT.writeValueAsString(all.json())).hasSizeBetween(4_000_000, 6_000_000);
        assertThat(all.json()).containsEntry("effectDifferences", (long) INSTANCES)
                .containsEntry("differingInstances", (long) INSTANCES);
        one.clear();
        assertThat(one.isEmpty()).isTrue();
        assertThat(one.text()).isEmpty();
    }
}
