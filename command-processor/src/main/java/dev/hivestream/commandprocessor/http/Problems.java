package dev.hivestream.commandprocessor.http;

import dev.hivestream.runtime.access.RequestBodies;
import dev.hivestream.runtime.message.Malformed;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.apache.kafka.common.KafkaException;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;

/** Turns what is thrown into a problem; what is not known says nothing of its inside. */
@RestControllerAdvice
final class Problems extends ResponseEntityExceptionHandler {

    private static final Logger LOG = LoggerFactory.getLogger(Problems.class);
    private static final String RETRY_AFTER_SECONDS = "1";
    private static final URI ROOT = URI.create("/");

    @ExceptionHandler
    ResponseEntity<Object> malformed(Malformed e, WebRequest request) {
        return problem(new Problem(HttpStatus.BAD_REQUEST, "malformed", String.valueOf(e.getMessage())), request);
    }

    /** The web server reads a query when it is first asked for a parameter. */
    @ExceptionHandler
    ResponseEntity<Object> query(InvalidParameterException e, WebRequest request) {
        LOG.debug("A query cannot be read", e);
        return problem(
                new Problem(HttpStatus.BAD_REQUEST, "malformed",
                        "The query string is invalid; send percent-encoded UTF-8"),
                request);
    }

    @ExceptionHandler
    ResponseEntity<Object> notTaken(Gateway.NotTaken e, WebRequest request) {
        return later(new Problem(e.overload() ? HttpStatus.TOO_MANY_REQUESTS : HttpStatus.SERVICE_UNAVAILABLE,
                e.overload() ? "overload" : "not-taken",
                e.getMessage() + "; the command was not published. Send it again"),
                request);
    }

    @ExceptionHandler
    ResponseEntity<Object> body(RequestBodies.Refused e, WebRequest request) {
        Problem problem = new Problem(e.status(), e.code(), String.valueOf(e.getMessage()));
        return e.status() == HttpStatus.TOO_MANY_REQUESTS ? later(problem, request) : problem(problem, request);
    }

    @ExceptionHandler
    ResponseEntity<Object> catchingUp(States.CatchingUp e, WebRequest request) {
        return later(new Problem(HttpStatus.SERVICE_UNAVAILABLE, "catching-up", String.valueOf(e.getMessage())),
                request);
    }

    @ExceptionHandler
    ResponseEntity<Object> busy(Results.Busy e, WebRequest request) {
        return later(new Problem(HttpStatus.SERVICE_UNAVAILABLE, "busy",
                "The results topics are being searched for others; ask again"), request);
    }

    @ExceptionHandler({DataAccessException.class, KafkaException.class})
    ResponseEntity<Object> outage(RuntimeException e, WebRequest request) {
        LOG.debug("A query met an outage", e);
        return later(new Problem(HttpStatus.SERVICE_UNAVAILABLE, "outage",
                e instanceof DataAccessException ? "Redis does not answer" : "The broker does not answer"), request);
    }

    @ExceptionHandler
    ResponseEntity<Object> unknown(Exception e, WebRequest request) {
        LOG.error("A request failed", e);
        return problem(
                new Problem(HttpStatus.INTERNAL_SERVER_ERROR, "internal", "The request failed; the log says why"),
                request);
    }

    /** What the framework refuses has a code too. */
    @Override
    protected ResponseEntity<Object> createResponseEntity(@Nullable Object body, HttpHeaders headers,
            HttpStatusCode status, WebRequest request) {
        if (body instanceof ProblemDetail problem && problem.getInstance() == null && !isUri(request)) {
            // the framework would make a URI of it, and fail
            problem.setInstance(ROOT);
        }
        if (body instanceof ProblemDetail problem
                && (problem.getProperties() == null || !problem.getProperties().containsKey("code"))) {
            String code = code(status.value());
            problem.setProperty("code", code);
            problem.setType(Problem.type(code));
            if (status.value() == HttpStatus.NOT_FOUND.value()) {
                problem.setDetail("There is nothing at this path");
            }
        }
        return super.createResponseEntity(body, headers, status, request);
    }

    private static boolean isUri(WebRequest request) {
        try {
            return request instanceof ServletWebRequest servlet
                    && new URI(servlet.getRequest().getRequestURI()).getPath() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    /** The code of a problem of which only the status is known. */
    static String code(int status) {
        HttpStatus known = HttpStatus.resolve(status);
        return switch (known) {
            case BAD_REQUEST -> "malformed";
            case CONTENT_TOO_LARGE -> "too-large";
            case UNSUPPORTED_MEDIA_TYPE -> "media-type";
            case INTERNAL_SERVER_ERROR -> "internal";
            case null -> "http-" + status;
            default -> known.getReasonPhrase().toLowerCase(Locale.ROOT).replaceAll("[^a-z]+", "-");
        };
    }

    private ResponseEntity<Object> later(Problem problem, WebRequest request) {
        problem.getHeaders().set(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
        return problem(problem, request);
    }

    private ResponseEntity<Object> problem(Problem problem, WebRequest request) {
        HttpStatusCode status = problem.getStatusCode();
        ResponseEntity<Object> answer = handleExceptionInternal(problem, problem.getBody(), problem.getHeaders(),
                status,
                request);
        return answer == null ? ResponseEntity.status(status).build() : answer;
    }
}
