package dev.hivestream.runtime.log;

import static dev.hivestream.local.check.Made.cases;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReadVersionsTest {

    @Test
    void the_highest_version_of_each_aggregate_is_known_and_no_other() {
        cases(50, made -> {
            ReadVersions read = new ReadVersions();
            Map<String, Long> expected = new HashMap<>();
            int ids = 1 + made.below(3_000);
            for (int i = 0; i < 2 * ids; i++) {
                String id = "a-" + made.below(ids);
                long version = made.below(10);
                read.read(id, version);
                expected.merge(id, version, Math::max);
            }
            expected.forEach((id, version) -> assertThat(read.of(id)).as(id).isEqualTo(version));
            assertThat(read.of("never")).isZero();
            read.clear();
            assertThat(read.of("a-1")).isZero();
        });
    }
}
