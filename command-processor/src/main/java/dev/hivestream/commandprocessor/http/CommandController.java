package dev.hivestream.commandprocessor.http;

import dev.hivestream.runtime.DomainFault;
import dev.hivestream.runtime.Served;
import dev.hivestream.runtime.ServedAggregates;
import dev.hivestream.runtime.access.Access;
import dev.hivestream.runtime.access.RequestBodies;
import dev.hivestream.runtime.message.CanonicalJson;
import dev.hivestream.runtime.message.CommandHash;
import dev.hivestream.runtime.message.CommandIdentity;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Ids;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Result;
import dev.hivestream.runtime.trace.Traces;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.UriComponentsBuilder;
import tools.jackson.databind.json.JsonMapper;

/** The requests of docs/http.md. */
@RestController
final class CommandController {

    private static final Pattern ENTITY_TAG = Pattern.compile("\"(\\d{1,18})\"");
    private static final Pattern SEPARATORS = Pattern.compile("[,;\\s]+");
    private static final Pattern WAIT = Pattern.compile("(?:^|[,\\s])wait=(\\d{1,6})(?:$|[,;\\s])");
    private static final Pattern TRACE_PARENT = Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}");

    private final ServedAggregates served;
    private final Gateway gateway;
    private final States states;
    private final Results results;
    private final HttpProperties http;
    private final Patience patience;
    private final Access access;
    private final Traces traces;
    private final RequestBodies bodies;
    private final JsonMapper json;

    CommandController(ServedAggregates served, Gateway gateway, States states, Results results, HttpProperties http,
            Patience patience, Access access, Traces traces, RequestBodies bodies, JsonMapper json) {
        this.served = served;
        this.gateway = gateway;
        this.states = states;
        this.results = results;
        this.http = http;
        this.patience = patience;
        this.access = access;
        this.traces = traces;
        this.bodies = bodies;
        this.json = json;
    }

    /** Writes the answer itself: finding out how a returned value is written took longer than writing it. */
    @PostMapping("/v1/{aggregate}/{id}/{command}")
    void send(@PathVariable Map<String, String> path, HttpServletRequest request, HttpServletResponse response)
            throws InterruptedException, IOException, Malformed {
        String aggregate = part(path, "aggregate");
        String id = part(path, "id");
        String command = part(path, "command");
        Served<?, ?, ?> type = require(aggregate);
        if (!type.codec().knowsCommand(command)) {
            throw new Problem(HttpStatus.NOT_FOUND, "unknown-command",
                    "The aggregate '" + aggregate + "' has no command '" + command + "'; it has "
                            + type.aggregate().commands().keySet().stream().sorted().toList());
        }
        Ids.require("id", id);
        Map<String, String> headers = headers(request);
        headers.putAll(traces.current());
        requireJson(request);
        String wireType = aggregate + "." + command;
        String key = header(request, "Idempotency-Key");
        String commandId = key == null ? UUID.randomUUID().toString() : Ids.require("Idempotency-Key", key);
        Gateway.Taken taken;
        // the body is released before the wait for the result
        try (RequestBodies.Body body = bodies.read(request)) {
            requireReadable(type, wireType, body.bytes());
            String source = access.source();
            CommandIdentity identity = CommandIdentity.of(CommandHash.of(source, commandId), wireType,
                    CanonicalJson.of(body.bytes()));
            Gateway.Request sent = new Gateway.Request(aggregate, id, source, commandId, wireType, body.bytes(),
                    headers, identity);
            Results.Known known = key == null ? null : results.known(aggregate, id, commandId, identity.id());
            if (known != null) {
                answer(known.isOf(identity) ? known.result() : reused(known.result()), response);
                return;
            }
            taken = gateway.send(sent);
        }
        try {
            Result result = result(taken, wait(request));
            if (result == null) {
                pending(aggregate, id, commandId, response);
            } else {
                answer(result, response);
            }
        } finally {
            taken.forget().run();
        }
    }

    private static String part(Map<String, String> path, String name) {
        return Objects.requireNonNull(path.get(name), name);
    }

    /** Null if it is not known in time. */
    private @Nullable Result result(Gateway.Taken taken, Duration wait) throws InterruptedException {
        try {
            return wait.isZero() ? null : patience.await(taken.result(), wait);
        } catch (TimeoutException | CancellationException e) {
            return null;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Gateway.NotTaken notTaken) {
                throw notTaken;
            }
            return null;
        }
    }

    private static Result reused(Result first) {
        return Result.rejected(first.commandId(), first.aggregate(), first.id(),
                Objects.requireNonNullElse(first.version(), 0L), Result.Code.KEY_REUSED, Result.KEY_REUSED);
    }

    @GetMapping("/v1/{aggregate}/{id}")
    ResponseEntity<Object> state(@PathVariable String aggregate, @PathVariable String id) throws Malformed {
        require(aggregate);
        States.State state = states.state(aggregate, Ids.require("id", id));
        if (state.poison() != null) {
            throw new Problem(HttpStatus.INTERNAL_SERVER_ERROR, Result.Code.POISONED, state.poison());
        }
        if (state.version() == 0) {
            throw new Problem(HttpStatus.NOT_FOUND, "no-such-aggregate",
                    "There is no " + aggregate + " with the id '" + id + "'");
        }
        return ResponseEntity.ok().eTag(Long.toString(state.version())).contentType(MediaType.APPLICATION_JSON)
                .body(state.json());
    }

    @GetMapping("/v1/results/{commandId}")
    ResponseEntity<Object> result(@PathVariable String commandId, @RequestParam @Nullable String aggregate,
            @RequestParam @Nullable String id, @RequestParam @Nullable String source) throws Malformed {
        if (aggregate != null) {
            require(aggregate);
        }
        Ids.require("command id", commandId);
        if (id != null) {
            Ids.require("id", id);
        }
        // other aggregates are not searched, so the answer does not reveal whether they have a result
        List<String> visible = served.byName().keySet().stream()
                .filter(name -> (aggregate == null || name.equals(aggregate)) && access.maySeeResults(name)).sorted()
                .toList();
        if (visible.isEmpty()) {
            throw new Problem(HttpStatus.FORBIDDEN, "forbidden",
                    "The token requires the command scope or the read scope of "
                            + (aggregate == null ? "an aggregate" : "'" + aggregate + "'"));
        }
        String own = access.source();
        if (source != null && !source.equals(own) && !access.mayOperate()) {
            throw new Problem(HttpStatus.FORBIDDEN, "forbidden",
                    "Looking up results of the source '" + source + "' requires the scope for operations");
        }
        Result result = results.find(source == null ? own : source, commandId, visible, id);
        if (result == null || !visible.contains(result.aggregate())) {
            throw new Problem(HttpStatus.NOT_FOUND, "no-such-result",
                    "No result of a command with this id: none was published yet, or it has expired");
        }
        return ResponseEntity.ok(result);
    }

    @PostMapping("/v1/{*path}")
    ResponseEntity<Object> incomplete() {
        throw new Problem(HttpStatus.BAD_REQUEST, "malformed",
                "A command is sent to /v1/{aggregate}/{id}/{command}; the id is empty, or a part of the path is missing or too many");
    }

    private static void requireReadable(Served<?, ?, ?> type, String wireType, byte[] body) throws Malformed {
        try {
            type.codec().readCommand(wireType, body);
        } catch (Malformed e) {
            throw e;
        } catch (Throwable e) {
            // the constructors of the domain's commands
            throw DomainFault.of(e);
        }
    }

    private Served<?, ?, ?> require(String aggregate) {
        Served<?, ?, ?> type = served.byName().get(aggregate);
        if (type == null) {
            throw new Problem(HttpStatus.NOT_FOUND, "unknown-aggregate",
                    "There is no aggregate '" + aggregate + "'; there are "
                            + served.byName().keySet().stream().sorted().toList());
        }
        return type;
    }

    /**
     * The value of a header that may be there once, or null. Values are UTF-8, as they are on the topics; the web server
     * reads them as Latin-1.
     */
    private static @Nullable String header(HttpServletRequest request, String name) throws Malformed {
        Enumeration<String> lines = request.getHeaders(name);
        if (!lines.hasMoreElements()) {
            return null;
        }
        String line = lines.nextElement();
        if (lines.hasMoreElements()) {
            throw new Malformed("The header " + name + " occurs more than once; send it once");
        }
        return Ids.decode(name, line.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static Map<String, String> headers(HttpServletRequest request) throws Malformed {
        Map<String, String> headers = new HashMap<>();
        String ifMatch = header(request, HttpHeaders.IF_MATCH);
        if (ifMatch != null) {
            Matcher tag = ENTITY_TAG.matcher(ifMatch.strip());
            if (!ifMatch.strip().equals("*") && !tag.matches()) {
                throw new Malformed("If-Match is " + ifMatch + "; one strong entity tag is read, such as \"7\", or *");
            }
            headers.put(Header.EXPECTED_VERSION, tag.matches() ? tag.group(1) : "*");
        }
        String ifNoneMatch = header(request, HttpHeaders.IF_NONE_MATCH);
        if (ifNoneMatch != null) {
            if (!ifNoneMatch.strip().equals("*") || ifMatch != null) {
                throw new Malformed("If-None-Match is " + ifNoneMatch + "; only * is read, and not beside If-Match");
            }
            headers.put(Header.EXPECTED_VERSION, "0");
        }
        String trace = request.getHeader(Header.TRACE_PARENT);
        if (trace != null && TRACE_PARENT.matcher(trace).matches()) {
            headers.put(Header.TRACE_PARENT, trace);
        }
        String correlation = header(request, "X-Correlation-ID");
        if (correlation != null) {
            headers.put(Header.CORRELATION_ID, Ids.requireText("X-Correlation-ID", correlation));
        }
        return headers;
    }

    private static void requireJson(HttpServletRequest request) {
        String contentType = request.getContentType();
        MediaType type = null;
        try {
            type = contentType == null ? null : MediaType.parseMediaType(contentType);
        } catch (org.springframework.http.InvalidMediaTypeException e) {
            type = null;
        }
        if (type == null || !type.equalsTypeAndSubtype(MediaType.APPLICATION_JSON)
                || type.getCharset() != null && !StandardCharsets.UTF_8.equals(type.getCharset())) {
            throw new Problem(HttpStatus.UNSUPPORTED_MEDIA_TYPE, "media-type",
                    "The body must be application/json in UTF-8"
                            + (contentType == null ? "; no Content-Type was given" : ""));
        }
    }

    private Duration wait(HttpServletRequest request) {
        String prefer = String.join(",", java.util.Collections.list(request.getHeaders("Prefer")));
        if (List.of(SEPARATORS.split(prefer)).contains("respond-async")) {
            return Duration.ZERO;
        }
        Matcher wait = WAIT.matcher(prefer);
        Duration asked = wait.find() ? Duration.ofSeconds(Long.parseLong(wait.group(1))) : http.patience();
        return asked.compareTo(http.patience()) < 0 ? asked : http.patience();
    }

    private void pending(String aggregate, String id, String commandId, HttpServletResponse response)
            throws IOException {
        URI place = UriComponentsBuilder.fromPath("/v1/results/{command}").queryParam("aggregate", "{aggregate}")
                .queryParam("id", "{id}").encode().buildAndExpand(commandId, aggregate, id).toUri();
        response.setHeader(HttpHeaders.LOCATION, place.toString());
        write(HttpStatus.ACCEPTED, Map.of("commandId", commandId, "result", place.toString()), response);
    }

    private void answer(Result result, HttpServletResponse response) throws IOException {
        String code = result.code() == null ? "" : result.code();
        String reason = result.reason() == null ? "" : result.reason();
        switch (result.outcome()) {
            case accepted -> {
                if (result.version() != null) {
                    response.setHeader(HttpHeaders.ETAG, "\"" + result.version() + "\"");
                }
                write(HttpStatus.OK, result, response);
            }
            case rejected -> throw new Problem(
                    code.equals(Result.Code.EXPECTED_VERSION)
                            ? HttpStatus.PRECONDITION_FAILED
                            : HttpStatus.UNPROCESSABLE_CONTENT,
                    code, reason).about(result);
            case failed -> throw new Problem(
                    code.equals(Result.Code.MALFORMED) ? HttpStatus.BAD_REQUEST : HttpStatus.INTERNAL_SERVER_ERROR,
                    code,
                    reason).about(result);
        }
    }

    /** With its length: without, it would go out in two parts. */
    private void write(HttpStatus status, Object body, HttpServletResponse response) throws IOException {
        byte[] written = json.writeValueAsBytes(body);
        response.setStatus(status.value());
        response.setContentType(MediaType.APPLICATION_JSON_VALUE);
        response.setContentLength(written.length);
        response.getOutputStream().write(written);
    }
}
