package dev.hivestream.runtime.trace;

import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Incoming;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.propagation.Propagator;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Begins spans for messages whose trace is sampled, which the last bit of their {@code traceparent} says; all others cost a
 * look at that bit. No trace begins here: that is up to who sends a command. Thread-safe.
 */
public final class Traces {

    /** Where nothing is traced. */
    public static final Traces NONE = new Traces(Tracer.NOOP, Propagator.NOOP);

    private static final int LENGTH = 55;

    private final Tracer tracer;
    private final Propagator propagator;

    public Traces(Tracer tracer, Propagator propagator) {
        this.tracer = tracer;
        this.propagator = propagator;
    }

    /**
     * Begins the span of handling a record, a child of its sender's.
     *
     * @param operation what is done with it: process, react, fold
     * @return null if its trace is not sampled
     */
    public @Nullable Handling begin(String operation, Incoming record) {
        if (!isSampled(record.headers().get(Header.TRACE_PARENT))) {
            return null;
        }
        Span span = propagator.extract(record, (from, name) -> from.header(name))
                .name(operation + " " + record.partition().topic()).kind(Span.Kind.CONSUMER)
                .tag("messaging.system", "kafka").tag("messaging.operation.name", operation)
                .tag("messaging.destination.name", record.partition().topic())
                .tag("messaging.destination.partition.id", Integer.toString(record.partition().partition()))
                .tag("messaging.kafka.offset", Long.toString(record.offset()))
                .tag("messaging.message.id", Objects.toString(record.header(Header.ID), ""))
                .tag("hive.type", Objects.toString(record.header(Header.TYPE), ""))
                .tag("hive.correlation", Objects.toString(record.header(Header.CORRELATION_ID), "")).start();
        return new Handling(span, record);
    }

    /** Begins the spans of handling those of the records whose traces are sampled. */
    public List<Handling> begin(String operation, List<Incoming> records) {
        return records.stream().map(record -> begin(operation, record)).filter(Objects::nonNull).toList();
    }

    /** The headers that continue the trace of this thread in another process; none if it is not sampled. */
    public Map<String, String> current() {
        Span span = tracer.currentSpan();
        return span == null || !Boolean.TRUE.equals(span.context().sampled()) ? Map.of() : headers(span);
    }

    private Map<String, String> headers(Span span) {
        Map<String, String> headers = new LinkedHashMap<>();
        propagator.inject(span.context(), headers,
                (into, name, value) -> Objects.requireNonNull(into).put(name, value));
        headers.keySet().retainAll(List.of(Header.TRACE_PARENT, Header.TRACE_STATE));
        return headers;
    }

    private static boolean isSampled(@Nullable Object traceParent) {
        return traceParent instanceof byte[] bytes && bytes.length >= LENGTH
                && (Character.digit(bytes[LENGTH - 1], 16) & 1) == 1;
    }

    /** A record that is being handled, and its span. Of one thread. */
    public final class Handling {

        private final Span span;
        private final Incoming record;

        private Handling(Span span, Incoming record) {
            this.span = span;
            Map<String, Object> headers = new HashMap<>(record.headers());
            headers(span).forEach((name, value) -> headers.put(name, value.getBytes(StandardCharsets.UTF_8)));
            this.record = new Incoming(record.partition(), record.offset(), record.key(), headers, record.payload(),
                    record.epoch());
        }

        /** The record with this span in place of its sender's, for what follows from it. */
        public Incoming record() {
            return record;
        }

        /** What became of it. */
        public void outcome(String outcome) {
            span.tag("hive.outcome", outcome);
        }

        /** Ends the span; what was rolled back comes again and has another span. */
        public void end(boolean committed) {
            if (!committed) {
                span.tag("hive.outcome", "rolled-back");
            }
            span.end();
        }
    }
}
