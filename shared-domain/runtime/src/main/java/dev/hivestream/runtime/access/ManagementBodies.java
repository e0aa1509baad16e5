package dev.hivestream.runtime.access;

import org.springframework.boot.actuate.autoconfigure.web.ManagementContextConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.ManagementContextType;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;

/** Request bodies are admitted at the management port too, where it is one of its own. */
@ManagementContextConfiguration(value = ManagementContextType.CHILD, proxyBeanMethods = false)
public class ManagementBodies {

    @Bean
    FilterRegistrationBean<BodyFilter> managementBodyFilter(RequestBodies bodies) {
        return AccessAutoConfiguration.first(new BodyFilter(bodies));
    }
}
