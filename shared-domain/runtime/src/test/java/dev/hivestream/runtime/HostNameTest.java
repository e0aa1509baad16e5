package dev.hivestream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

class HostNameTest {

    @Test
    void it_is_the_exported_one_as_in_a_container() {
        assertThat(host("pod-1")).isEqualTo("pod-1");
    }

    @Test
    void it_is_the_machines_own_where_a_shell_does_not_export_it() {
        assertThat(host(null)).isEqualTo(HostName.current());
        assertThat(host(" ")).isEqualTo(HostName.current());
        assertThat(HostName.current()).isNotBlank().doesNotContain("\n", " ").isEqualTo(HostName.current());
    }

    @Test
    void it_can_be_set() {
        StandardEnvironment environment = environment("pod-1");
        environment.getPropertySources().addFirst(new MapPropertySource("test", Map.of("hive.host", "mine")));
        new HostName().postProcessEnvironment(environment, new SpringApplication());
        assertThat(environment.getProperty("hive.host")).isEqualTo("mine");
    }

    private static String host(String exported) {
        StandardEnvironment environment = environment(exported);
        new HostName().postProcessEnvironment(environment, new SpringApplication());
        return environment.getProperty("hive.host");
    }

    private static StandardEnvironment environment(String exported) {
        StandardEnvironment environment = new StandardEnvironment();
        environment.getPropertySources().remove(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME);
        if (exported != null) {
            environment.getPropertySources().addLast(
                    new MapPropertySource("variables", Map.of("HOSTNAME", exported)));
        }
        return environment;
    }
}
