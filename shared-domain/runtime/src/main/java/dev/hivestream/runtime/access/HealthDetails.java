package dev.hivestream.runtime.access;

import jakarta.servlet.http.HttpServletRequest;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.health.actuate.endpoint.AdditionalHealthEndpointPath;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroup;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroups;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroupsPostProcessor;
import org.springframework.boot.health.actuate.endpoint.HttpCodeStatusMapper;
import org.springframework.boot.health.actuate.endpoint.StatusAggregator;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * Decides who may see health components and details: a token with the scope for operations or, where no tokens are required, a
 * request from the same machine. All others see the status only, which is sufficient for probes.
 * {@code management.endpoint.health.show-details=always} shows the details to everyone, and {@code never} to no one.
 */
final class HealthDetails implements HealthEndpointGroupsPostProcessor {

    private static final String[] FORWARDED = {"Forwarded", "X-Forwarded-For"};

    private final Access access;
    private final boolean isAsked;

    /** @param setting of {@code management.endpoint.health.show-details} */
    HealthDetails(Access access, String setting) {
        this.access = access;
        this.isAsked = setting.replaceAll("[^a-zA-Z]", "").equalsIgnoreCase("whenAuthorized");
    }

    @Override
    public HealthEndpointGroups postProcessHealthEndpointGroups(HealthEndpointGroups groups) {
        Map<String, HealthEndpointGroup> ours = new TreeMap<>();
        groups.getNames().forEach(name -> ours.put(name, new Group(Objects.requireNonNull(groups.get(name)))));
        return HealthEndpointGroups.of(new Group(groups.getPrimary()), ours);
    }

    private boolean maySee() {
        return access.tokensWanted()
                ? access.mayOperate()
                : RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes attributes
                        && isFromHere(attributes.getRequest());
    }

    /** A request that a proxy on this machine forwarded is not local. */
    static boolean isFromHere(HttpServletRequest request) {
        for (String header : FORWARDED) {
            if (request.getHeader(header) != null) {
                return false;
            }
        }
        try {
            return InetAddress.getByName(request.getRemoteAddr()).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private final class Group implements HealthEndpointGroup {

        private final HealthEndpointGroup group;

        Group(HealthEndpointGroup group) {
            this.group = group;
        }

        @Override
        public boolean isMember(String name) {
            return group.isMember(name);
        }

        @Override
        public boolean showComponents(SecurityContext security) {
            return isAsked ? group.showComponents(SecurityContext.NONE) || maySee() : group.showComponents(security);
        }

        @Override
        public boolean showDetails(SecurityContext security) {
            return isAsked ? group.showDetails(SecurityContext.NONE) || maySee() : group.showDetails(security);
        }

        @Override
        public StatusAggregator getStatusAggregator() {
            return group.getStatusAggregator();
        }

        @Override
        public HttpCodeStatusMapper getHttpCodeStatusMapper() {
            return group.getHttpCodeStatusMapper();
        }

        @Override
        public @Nullable AdditionalHealthEndpointPath getAdditionalPath() {
            return group.getAdditionalPath();
        }
    }
}
