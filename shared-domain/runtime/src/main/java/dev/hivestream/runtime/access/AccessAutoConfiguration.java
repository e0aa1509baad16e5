package dev.hivestream.runtime.access;

import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.LoadedDomains;
import jakarta.servlet.DispatcherType;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.security.authorization.AuthorizationResult;
import org.springframework.security.config.ObjectPostProcessor;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.annotation.web.configurers.AuthorizeHttpRequestsConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.server.resource.web.authentication.BearerTokenAuthenticationFilter;
import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.RequestAuthorizationContext;
import org.springframework.security.web.firewall.HttpFirewall;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.RequestMatcher;

/**
 * HTTP with or without tokens. With a {@link JwtDecoder}, which Spring Boot makes of
 * {@code spring.security.oauth2.resourceserver.jwt.*}, each request needs a token with the scope of {@link AccessProperties};
 * health, info, prometheus and the descriptions of the interface do not. Without one nothing needs a token.
 */
@AutoConfiguration(beforeName = {
        "org.springframework.boot.security.oauth2.server.resource.autoconfigure.web.OAuth2ResourceServerWebSecurityAutoConfiguration",
        "org.springframework.boot.security.autoconfigure.web.servlet.ServletWebSecurityAutoConfiguration",
        "org.springframework.boot.security.autoconfigure.actuate.web.servlet.ManagementWebSecurityAutoConfiguration"})
@ConditionalOnClass({HttpSecurity.class, JwtDecoder.class})
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@EnableConfigurationProperties({AccessProperties.class, BodyProperties.class, HiveProperties.class})
public class AccessAutoConfiguration {

    private static final Logger LOG = LoggerFactory.getLogger(AccessAutoConfiguration.class);

    @Bean
    @ConditionalOnMissingBean
    Access access(AccessProperties properties, ObjectProvider<JwtDecoder> decoder, Environment environment) {
        if (!properties.aggregates().isEmpty()) {
            // a rule for a name that nobody has would leave the aggregate that was meant to the rule for all
            LoadedDomains.choose(domains -> domains.select(properties.aggregates().keySet()));
        }
        boolean tokensWanted = decoder.getIfAvailable() != null;
        InetAddress address = environment.getProperty("server.address", InetAddress.class);
        boolean job = environment.getProperty("server.port", "").equals("0");
        if (!tokensWanted && !job && (address == null || !address.isLoopbackAddress())) {
            LOG.warn("Whoever reaches the HTTP port may send commands: set spring.security.oauth2.resourceserver.jwt."
                    + "issuer-uri, jwk-set-uri or public-key-location, or server.address=127.0.0.1");
        }
        return new Access(properties, tokensWanted);
    }

    /** Spring Boot adds it to the validators of its decoder. */
    @Bean
    WellFormedPrincipal wellFormedPrincipal() {
        return new WellFormedPrincipal();
    }

    @Bean
    @ConditionalOnMissingBean
    SecurityFilterChain hiveSecurity(HttpSecurity http, Access access) throws Exception {
        http.csrf(AbstractHttpConfigurer::disable).requestCache(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS));
        if (!access.tokensWanted()) {
            return http.headers(AbstractHttpConfigurer::disable).anonymous(AbstractHttpConfigurer::disable)
                    .authorizeHttpRequests(requests -> requests.anyRequest().permitAll()).build();
        }
        Refusals refusals = new Refusals();
        return http.authorizeHttpRequests(requests -> rules(requests, access))
                .oauth2ResourceServer(server -> server.jwt(jwt -> {}).authenticationEntryPoint(refusals)
                        .accessDeniedHandler(refusals).withObjectPostProcessor(failuresTo(refusals)))
                .exceptionHandling(handling -> handling.authenticationEntryPoint(refusals)
                        .accessDeniedHandler(refusals))
                .build();
    }

    private static void rules(
            AuthorizeHttpRequestsConfigurer<HttpSecurity>.AuthorizationManagerRequestMatcherRegistry requests,
            Access access) {
        requests.dispatcherTypeMatchers(DispatcherType.ERROR, DispatcherType.ASYNC).permitAll()
                .requestMatchers(EndpointRequest.to("health", "info", "prometheus")).permitAll()
                .requestMatchers(EndpointRequest.toAnyEndpoint())
                .access((who, _) -> access.operations(who.get()))
                .requestMatchers(reading("/openapi.json", "/asyncapi.json", "/docs", "/docs/**")).permitAll()
                // the handler checks for which aggregates the token may see results
                .requestMatchers(reading("/v1/results/{command}")).authenticated()
                .requestMatchers(reading("/v1/{aggregate}/**")).access(ofAggregate(access::reads))
                .requestMatchers(HttpMethod.POST, "/v1/{aggregate}/**").access(ofAggregate(access::commands))
                .anyRequest().authenticated();
    }

    /** HEAD is GET without the body, and must need what GET needs. */
    private static RequestMatcher[] reading(String... paths) {
        return Stream.of(HttpMethod.GET, HttpMethod.HEAD).flatMap(method -> Arrays.stream(paths)
                .map(path -> PathPatternRequestMatcher.withDefaults().matcher(method, path)))
                .toArray(RequestMatcher[]::new);
    }

    private static AuthorizationManager<RequestAuthorizationContext> ofAggregate(
            BiFunction<@Nullable Authentication, String, AuthorizationResult> rule) {
        return (who, context) -> rule.apply(who.get(), context.getVariables().getOrDefault("aggregate", ""));
    }

    /** An issuer that does not answer is otherwise thrown at the web server. */
    private static ObjectPostProcessor<BearerTokenAuthenticationFilter> failuresTo(Refusals refusals) {
        return new ObjectPostProcessor<>() {
            @Override
            public <O extends BearerTokenAuthenticationFilter> O postProcess(O filter) {
                filter.setAuthenticationFailureHandler(refusals::commence);
                return filter;
            }
        };
    }

    /** Each filter would be a span of its own, and asking whether it may be one costs more than most filters. */
    @Bean
    @ConditionalOnMissingBean
    SecurityObservationSettings noObservedFilters() {
        return SecurityObservationSettings.noObservations();
    }

    @Bean
    @ConditionalOnMissingBean
    RequestBodies requestBodies(BodyProperties properties, HiveProperties hive) {
        int longest = (int) hive.maxMessage().toBytes();
        return new RequestBodies(properties.bytes(longest), longest, properties.timeout());
    }

    @Bean
    FilterRegistrationBean<BodyFilter> bodyFilter(RequestBodies bodies) {
        return first(new BodyFilter(bodies));
    }

    static FilterRegistrationBean<BodyFilter> first(BodyFilter filter) {
        FilterRegistrationBean<BodyFilter> first = new FilterRegistrationBean<>(filter);
        first.setOrder(Ordered.HIGHEST_PRECEDENCE);
        return first;
    }

    @Bean
    StrictActions strictActions() {
        return new StrictActions();
    }

    @Bean
    HealthDetails healthDetails(Access access, Environment environment) {
        return new HealthDetails(access, environment.getProperty("management.endpoint.health.show-details", "never"));
    }

    /** Rejects ambiguous paths. */
    @Bean
    @ConditionalOnMissingBean
    HttpFirewall hivePaths() {
        return new PathRule();
    }

    /** Answers requests that are rejected before they reach a handler with a problem, too. */
    @Bean
    @ConditionalOnMissingBean
    RequestRejectedHandler hiveRefusedPaths() {
        return (request, response, why) -> Refusals.problem(request, response, HttpStatus.BAD_REQUEST, "malformed",
                String.valueOf(why.getMessage()));
    }
}
