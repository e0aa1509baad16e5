package dev.hivestream.runtime.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SlowFoldsTest {

    private final List<String> told = new CopyOnWriteArrayList<>();
    private final SlowFolds slow = new SlowFolds(Duration.ofMillis(20), told::add);

    @Test
    void a_record_whose_fold_does_not_end_is_named_once() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        Thread folding = Thread.ofPlatform().start(() -> {
            for (int offset = 0; offset < 10; offset++) {
                slow.begin(new ConsumerRecord<>("a.events", 3, offset, "k", "v"));
                if (offset == 7) {
                    waitFor(go);
                }
                slow.end();
            }
        });
        await().until(() -> !told.isEmpty());
        // ten more looks
        await().during(Duration.ofMillis(300)).until(() -> told.size() == 1);
        go.countDown();
        folding.join();
        assertThat(told).hasSize(1).first().asString()
                .startsWith("Folding the record a.events/3/7 has taken longer than")
                .contains("SlowFoldsTest");
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
