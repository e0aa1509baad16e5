package dev.hivestream.runtime.access;

import dev.hivestream.runtime.message.Json;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authorization.AuthorizationDeniedException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.server.resource.web.BearerTokenAuthenticationEntryPoint;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.access.AccessDeniedHandler;

/** Answers who may not with a problem (RFC 9457) and the challenge of RFC 6750. */
final class Refusals implements AuthenticationEntryPoint, AccessDeniedHandler {

    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);

    private final BearerTokenAuthenticationEntryPoint challenge = new BearerTokenAuthenticationEntryPoint();

    @Override
    public void commence(HttpServletRequest request, HttpServletResponse response, AuthenticationException why)
            throws IOException {
        if (why instanceof AuthenticationServiceException) {
            LOG.warn("A token cannot be checked: {}", why.getMessage());
            response.setHeader(HttpHeaders.RETRY_AFTER, "1");
            problem(request, response, HttpStatus.SERVICE_UNAVAILABLE, "issuer",
                    "The token cannot be checked: its issuer does not answer");
            return;
        }
        challenge.commence(request, response, why);
        problem(request, response, HttpStatus.UNAUTHORIZED, "unauthenticated",
                why instanceof OAuth2AuthenticationException
                        ? "The token is not accepted: " + why.getMessage()
                        : "A token is needed: Authorization: Bearer …");
    }

    @Override
    public void handle(HttpServletRequest request, HttpServletResponse response, AccessDeniedException why)
            throws IOException {
        String scopes = why instanceof AuthorizationDeniedException denied
                && denied.getAuthorizationResult() instanceof Access.Needs needs
                        ? String.join(" ", needs.scopes())
                        : "";
        response.setHeader(HttpHeaders.WWW_AUTHENTICATE,
                "Bearer error=\"insufficient_scope\", scope=\"" + scopes + "\"");
        problem(request, response, HttpStatus.FORBIDDEN, "forbidden", "The token needs the scope " + scopes);
    }

    static void problem(HttpServletRequest request, HttpServletResponse response, HttpStatus status,
            String code,
            String detail) throws IOException {
        Map<String, Object> problem = new LinkedHashMap<>();
        problem.put("type", "urn:hive:problem:" + code);
        problem.put("title", status.getReasonPhrase());
        problem.put("status", status.value());
        problem.put("detail", detail);
        problem.put("instance", request.getRequestURI());
        problem.put("code", code);
        response.setStatus(status.value());
        response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
        response.getOutputStream().write(Json.TOLERANT.writeValueAsBytes(problem));
    }
}
