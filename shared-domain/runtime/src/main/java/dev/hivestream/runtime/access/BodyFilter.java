package dev.hivestream.runtime.access;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;

/** Admits the body of a request before any other filter or handler can read it. */
final class BodyFilter implements Filter {

    private final RequestBodies bodies;

    BodyFilter(RequestBodies bodies) {
        this.bodies = bodies;
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        try (BoundedRequest bounded = new BoundedRequest((HttpServletRequest) request, bodies)) {
            chain.doFilter(bounded, response);
        } catch (ServletException | RuntimeException e) {
            RequestBodies.Refused refused = refused(e);
            if (refused == null || response.isCommitted()) {
                throw e;
            }
            HttpServletResponse answer = (HttpServletResponse) response;
            answer.reset();
            if (refused.status() == HttpStatus.TOO_MANY_REQUESTS) {
                answer.setHeader(HttpHeaders.RETRY_AFTER, "1");
            }
            Refusals.problem((HttpServletRequest) request, answer, refused.status(), refused.code(),
                    String.valueOf(refused.getMessage()));
        }
    }

    private static RequestBodies.@Nullable Refused refused(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof RequestBodies.Refused refused) {
                return refused;
            }
        }
        return null;
    }
}
