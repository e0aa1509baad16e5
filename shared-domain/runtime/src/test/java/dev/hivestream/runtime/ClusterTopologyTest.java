package dev.hivestream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions.RefreshTrigger;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** What the {@code application.yaml} of each app means to Lettuce if Redis is a cluster. */
class ClusterTopologyTest {

    @ParameterizedTest
    @ValueSource(strings = {"command-processor", "saga-manager", "cache-rebuilder"})
    void a_failover_is_noticed_without_further_configuration(String app) {
        new ApplicationContextRunner().withInitializer(new ConfigDataApplicationContextInitializer())
                .withPropertyValues("spring.config.location=file:../../" + app + "/src/main/resources/application.yaml",
                        "spring.data.redis.cluster.nodes=127.0.0.1:1")
                .withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
                .withBean(LettuceClientOptionsBuilderCustomizer.class,
                        () -> new HiveAutoConfiguration().failFastWithoutRedis())
                .run(context -> {
                    assertThat(context.getEnvironment().getProperty("spring.application.name")).isEqualTo(app);
                    ClusterClientOptions options = (ClusterClientOptions) context
                            .getBean(LettuceConnectionFactory.class).getClientConfiguration().getClientOptions()
                            .orElseThrow();
                    ClusterTopologyRefreshOptions refresh = options.getTopologyRefreshOptions();
                    assertThat(refresh.getAdaptiveRefreshTriggers()).containsExactlyInAnyOrder(RefreshTrigger.values());
                    assertThat(refresh.isPeriodicRefreshEnabled()).isTrue();
                    assertThat(refresh.getRefreshPeriod()).isLessThanOrEqualTo(Duration.ofSeconds(30));
                });
    }
}
