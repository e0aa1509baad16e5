package dev.hivestream.commandprocessor.http;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Domains;
import dev.hivestream.model.SagaType;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.LoadedDomains;
import dev.hivestream.runtime.Served;
import dev.hivestream.runtime.ServedAggregates;
import dev.hivestream.runtime.api.AsyncApi;
import dev.hivestream.runtime.api.OpenApi;
import java.net.URI;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.springframework.core.env.Environment;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.util.function.SingletonSupplier;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * What this instance takes and gives, described: of the aggregates that it runs, and the sagas between them. Each document
 * is made when it is first asked for; the page in {@code static/docs} shows it.
 */
@RestController
final class DescriptionController {

    private final Supplier<byte[]> http;
    private final Supplier<byte[]> topics;

    DescriptionController(ServedAggregates served, HiveProperties properties, Environment environment) {
        List<Aggregate<?, ?, ?>> aggregates = served.byName().values().stream()
                .<Aggregate<?, ?, ?>>map(Served::aggregate).toList();
        List<SagaType<?, ?, ?>> sagas = LoadedDomains.choose(Domains::sagas).stream()
                .filter(saga -> !Collections.disjoint(saga.aggregates(), served.byName().keySet())).toList();
        // of the jar; there is none where classes are run
        String version = environment.getProperty("spring.application.version", "unknown");
        http = SingletonSupplier.of(() -> OpenApi.of(aggregates, version));
        topics = SingletonSupplier.of(() -> AsyncApi.of(aggregates, sagas, properties.partitions(), version));
    }

    @GetMapping("/openapi.json")
    ResponseEntity<byte[]> http() {
        return ResponseEntity.ok().contentType(MediaType.APPLICATION_JSON).body(http.get());
    }

    @GetMapping("/asyncapi.json")
    ResponseEntity<byte[]> topics() {
        return ResponseEntity.ok().contentType(MediaType.APPLICATION_JSON).body(topics.get());
    }

    @GetMapping({"/docs", "/docs/"})
    ResponseEntity<Void> page() {
        return ResponseEntity.status(HttpStatus.FOUND).location(URI.create("/docs/index.html")).build();
    }
}
