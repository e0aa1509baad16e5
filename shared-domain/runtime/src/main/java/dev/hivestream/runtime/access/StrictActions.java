package dev.hivestream.runtime.access;

import dev.hivestream.runtime.message.CanonicalJson;
import dev.hivestream.runtime.message.Json;
import dev.hivestream.runtime.message.Malformed;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.OperationType;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvoker;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvokerAdvisor;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameter;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameters;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.http.HttpStatus;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;
import org.springframework.web.util.WebUtils;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Refuses an action of the project's own management endpoints with a field that it does not have, or that occurs twice.
 * Spring Boot ignores both, and an action whose limit is misspelled concerns far more than was meant.
 */
final class StrictActions implements OperationInvokerAdvisor {

    private static final Set<EndpointId> ENDPOINTS = Set.of(EndpointId.of("deadletters"), EndpointId.of("sagas"));

    @Override
    public OperationInvoker apply(EndpointId endpoint, OperationType type, OperationParameters parameters,
            OperationInvoker invoker) {
        if (type != OperationType.WRITE || !ENDPOINTS.contains(endpoint)) {
            return invoker;
        }
        Set<String> known = new TreeSet<>();
        for (OperationParameter parameter : parameters) {
            if (parameter.getType() != SecurityContext.class && parameter.getAnnotation(Selector.class) == null) {
                known.add(parameter.getName());
            }
        }
        return context -> {
            HttpServletRequest request = request();
            if (request != null) {
                require(request, known);
            }
            return invoker.invoke(context);
        };
    }

    private static @Nullable HttpServletRequest request() {
        return RequestContextHolder.getRequestAttributes() instanceof ServletRequestAttributes attributes
                ? attributes.getRequest()
                : null;
    }

    private static void require(HttpServletRequest request, Set<String> known) {
        Set<String> sent = new TreeSet<>();
        for (String name : body(request).propertyNames()) {
            require(name, known);
            sent.add(name);
        }
        request.getParameterMap().forEach((name, values) -> {
            require(name, known);
            if (!sent.add(name) || values.length > 1) {
                throw refused("The field '" + name + "' occurs more than once; nothing was done");
            }
        });
    }

    private static void require(String name, Set<String> known) {
        if (!known.contains(name)) {
            throw refused("Unknown field '" + name + "'; known are " + known + ". Nothing was done");
        }
    }

    private static JsonNode body(HttpServletRequest request) {
        BoundedRequest bounded = WebUtils.getNativeRequest(request, BoundedRequest.class);
        byte[] bytes = bounded == null ? new byte[0] : bounded.body();
        if (bytes.length == 0) {
            return Json.TOLERANT.createObjectNode();
        }
        try {
            // refuses a name that occurs twice
            var _ = CanonicalJson.of(bytes);
            return Json.TOLERANT.readTree(bytes);
        } catch (Malformed | JacksonException e) {
            throw refused("The body is invalid: " + e.getMessage() + ". Nothing was done");
        }
    }

    private static RequestBodies.Refused refused(String why) {
        return new RequestBodies.Refused(HttpStatus.BAD_REQUEST, "malformed", why);
    }
}
