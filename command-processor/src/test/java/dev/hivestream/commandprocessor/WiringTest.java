package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.hivestream.commandprocessor.Wired.In;
import dev.hivestream.commandprocessor.Wired.Out;
import dev.hivestream.commandprocessor.http.Reflections;
import dev.hivestream.local.LocalStack;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Keys;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Position;
import dev.hivestream.runtime.message.Slot;
import dev.hivestream.runtime.owner.OwnedPartition;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.cloud.stream.binding.BindingService;
import org.springframework.cloud.stream.config.BindingServiceProperties;
import org.springframework.core.env.Environment;
import org.springframework.kafka.support.KafkaHeaders;

@Timeout(60)
class WiringTest {

    private static Wired app;
    private static String ask;
    private static String tell;

    @BeforeAll
    static void start() {
        app = Wired.start("--hive.instance=wired", "--hive.decide.attempts=2", "--hive.decide.remembered=2",
                "--hive.results.keep=60s", "--hive.results.limit=10", "--hive.max-message=100B",
                "--hive.catch-up.watch=100ms",
                "--hive.http.patience=300ms", "--hive.http.max-in-flight=2", "--hive.http.max-queue=1h");
        ask = app.names.getFirst();
        tell = app.names.getLast();
        app.own(ask);
        app.own(tell);
    }

    @AfterAll
    static void stop() {
        app.close();
    }

    @AfterEach
    void lookNoMore() {
        Probes.onDecide = () -> {};
    }

    @Test
    void one_function_has_the_bindings_input_and_output() {
        BindingService bindings = app.context.getBean(BindingService.class);
        assertThat(app.context.getEnvironment().getProperty("spring.cloud.function.definition")).isEqualTo("process");
        assertThat(bindings.getConsumerBindingNames()).containsExactly("input");
        assertThat(bindings.getProducerBindingNames()).contains("output");
    }

    @Test
    void destinations_follow_from_the_domain() {
        BindingServiceProperties bindings = app.context.getBean(BindingServiceProperties.class);
        assertThat(bindings.getBindingDestination("input")).isEqualTo(ask + ".commands," + tell + ".commands");
        assertThat(bindings.getBindingDestination("output")).isEqualTo(ask + ".events");
        assertThat(bindings.getGroup("input")).isEqualTo("command-processor");
        assertThat(bindings.getConsumerProperties("input").isBatchMode()).isTrue();
        assertThat(bindings.getConsumerProperties("input").isUseNativeDecoding()).isTrue();
        assertThat(bindings.getConsumerProperties("input").isMultiplex()).isTrue();
        assertThat(bindings.getProducerProperties("output").isUseNativeEncoding()).isTrue();
    }

    @Test
    void the_instance_names_the_transactions_and_the_gateway() {
        Environment environment = app.context.getEnvironment();
        assertThat(environment.getProperty("spring.cloud.stream.kafka.binder.transaction.transaction-id-prefix"))
                .isEqualTo("command-processor-wired-");
        assertThat(app.context.getBean(HiveProperties.class).instance()).isEqualTo("wired");
    }

    @Test
    void an_accepted_command_gives_its_events_and_its_result() {
        In command = app.put(tell, "a", 2).with(Header.CORRELATION_ID, "because").with(Header.REPLY_TO, "somebody")
                .with("traceparent", "00-1-2-03").with("stranger", "stays behind");
        int partition = command.partition();

        List<Out> out = app.decide(command);

        assertThat(out).extracting(Out::topic).containsExactly(tell + ".events", tell + ".events", tell + ".results");
        assertThat(out).allSatisfy(one -> {
            assertThat(one.message().getHeaders().get(KafkaHeaders.PARTITION)).isEqualTo(partition);
            assertThat(one.header(KafkaHeaders.KEY)).isEqualTo("a");
            assertThat(one.header("ce_specversion")).isEqualTo("1.0");
            assertThat(one.header("content-type")).isEqualTo("application/json");
            assertThat(one.header("ce_source")).isEqualTo("/hive/" + tell);
            assertThat(one.header("ce_subject")).isEqualTo("a");
            assertThat(one.header("ce_time")).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:.*Z");
            assertThat(one.header("ce_causationid")).isEqualTo(command("ce_id", command));
            assertThat(one.header("ce_correlationid")).isEqualTo("because");
            assertThat(one.header("ce_commandposition")).matches("[\\w-]{22}:" + command.offset());
            assertThat(one.header("traceparent")).isEqualTo("00-1-2-03");
            assertThat(one.message().getHeaders()).doesNotContainKey("stranger");
        });
        assertThat(out.subList(0, 2)).extracting(Out::json).containsExactly("{\"number\":1}", "{\"number\":2}");
        assertThat(out.subList(0, 2)).extracting(one -> one.header("ce_sequence")).containsExactly("1", "2");
        assertThat(out.subList(0, 2)).extracting(one -> one.header("ce_id")).containsExactly("a:1", "a:2");
        assertThat(out.subList(0, 2)).allSatisfy(one -> {
            assertThat(one.header("ce_type")).isEqualTo(tell + ".was");
            assertThat(one.header("ce_dataversion")).isEqualTo("1");
        });
        assertThat(out.getLast().json()).isEqualTo("{\"commandId\":\"" + command("ce_id", command)
                + "\",\"aggregate\":\"" + tell
                + "\",\"id\":\"a\",\"outcome\":\"accepted\",\"firstVersion\":1,\"version\":2}");
        assertThat(out.getLast().header("ce_type")).isEqualTo("hive.result");
        assertThat(out.getLast().header("ce_replyto")).isEqualTo("somebody");
        assertThat(out.getLast().header("ce_id"))
                .isEqualTo(command("ce_id", command) + "/" + partition + "/" + command.offset());
    }

    @Test
    void a_batch_over_partitions_and_aggregate_types_is_decided_in_order() {
        List<In> commands = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            for (String aggregate : List.of(ask, tell)) {
                for (String id : List.of("x", "y", "z")) {
                    commands.add(app.put(aggregate, id, 1));
                }
            }
        }
        List<Out> out = app.decide(commands.toArray(In[]::new));

        assertThat(out).filteredOn(one -> one.topic().equals(tell + ".events") && one.header("ce_subject").equals("y"))
                .extracting(one -> one.header("ce_sequence")).containsExactly("1", "2", "3");
        assertThat(out).filteredOn(one -> one.topic().endsWith(".events")).hasSize(18);
        assertThat(out).filteredOn(one -> one.topic().endsWith(".results")).hasSize(18);
        assertThat(app.decide(app.put(ask, "z", 1)).getFirst().header("ce_sequence")).as("the cache was written")
                .isEqualTo("4");
    }

    @Test
    void a_rejected_command_gives_a_result_only() {
        List<Out> out = app.decide(app.put(ask, "rejected", -1));
        assertThat(out).singleElement().satisfies(one -> {
            assertThat(one.topic()).isEqualTo(ask + ".results");
            assertThat(one.json()).contains("\"outcome\":\"rejected\",\"version\":0,\"code\":\"negative\"");
        });
    }

    @Test
    void a_command_in_another_partition_than_its_aggregate_s_is_forwarded_once() {
        In lost = app.put(ask, "lost", 1);
        int owner = lost.partition();
        List<Out> out = app.decide(lost.at(1 - owner).with("stranger", "goes along"));
        assertThat(out).singleElement().satisfies(one -> {
            assertThat(one.topic()).isEqualTo(ask + ".commands");
            assertThat(one.message().getHeaders().get(KafkaHeaders.PARTITION)).isEqualTo(owner);
            assertThat(one.header(KafkaHeaders.KEY)).isEqualTo("lost");
            assertThat(one.header("ce_forwardedfrom")).isEqualTo(Integer.toString(1 - owner));
            assertThat(one.header("stranger")).isEqualTo("goes along");
            assertThat(one.json()).isEqualTo("{\"events\":1}");
        });

        List<Out> again = app.decide(app.put(ask, "lost", 1).at(1 - owner).with("ce_forwardedfrom", "" + owner));
        assertThat(again).extracting(Out::topic).containsExactly(ask + ".results", ask + ".commands.dlq");
        assertThat(again.getLast().header("hive_reason")).isEqualTo("The command lives in partition " + owner
                + " and came to partition " + (1 - owner) + " although it was forwarded before");
    }

    @Test
    void what_cannot_be_read_is_dead_lettered_with_the_reason_and_what_stands_behind_it_goes_on() {
        In bad = app.put(ask, "bad", 1).with(Header.TYPE, "nonsense").with("stranger", "goes along");
        List<Out> out = app.decide(bad, app.put(ask, "bad", 1));
        assertThat(out).extracting(Out::topic).containsExactly(ask + ".events", ask + ".results", ask + ".results",
                ask + ".commands.dlq");
        assertThat(out.get(1).json()).contains("\"outcome\":\"failed\",\"code\":\"hive.malformed\"");
        assertThat(out.getLast().header("hive_reason"))
                .isEqualTo("'nonsense' is no command of the aggregate '" + ask + "'");
        assertThat(out.getLast().header("hive_origin"))
                .isEqualTo(bad.topic() + "/" + bad.partition() + "/" + bad.offset());
        assertThat(out.getLast().header("stranger")).isEqualTo("goes along");
    }

    @Test
    void without_a_transaction_it_refuses_and_names_the_property() {
        assertThatThrownBy(() -> app.send(app.put(ask, "untransacted", 1))).hasStackTraceContaining(
                "Batches are decided in a Kafka transaction only; set "
                        + "spring.cloud.stream.kafka.binder.transaction.transaction-id-prefix");
    }

    @Test
    void a_partition_that_is_not_owned_is_not_decided_on() {
        In elsewhere = app.put(ask, "elsewhere", 1);
        assertThatThrownBy(() -> app.decide(elsewhere.at(7))).hasStackTraceContaining(
                "The partition " + ask + ".commands-7 is not owned here");
    }

    @Test
    void decide_attempts_is_how_often_a_decider_that_throws_is_tried() {
        AtomicInteger tries = new AtomicInteger();
        Probes.onDecide = () -> {
            tries.incrementAndGet();
            throw new IllegalStateException("broken");
        };
        List<Out> out = app.decide(app.put(ask, "broken", 1));
        assertThat(tries).hasValue(2);
        assertThat(out).extracting(Out::topic).containsExactly(ask + ".results", ask + ".commands.dlq");
        assertThat(out.getLast().header("hive_reason")).contains("IllegalStateException: broken");
        assertThat(out.getLast().header("hive_trace")).contains("at dev.hivestream.commandprocessor.WiringTest");

        tries.set(0);
        Probes.onDecide = () -> {
            if (tries.incrementAndGet() == 1) {
                throw new IllegalStateException("broken once");
            }
        };
        assertThat(app.decide(app.put(ask, "broken", 1))).extracting(Out::topic).containsExactly(ask + ".events",
                ask + ".results");
    }

    @Test
    void decide_remembered_is_how_many_commands_get_the_same_answer_again() {
        List<In> commands = IntStream.range(0, 3).mapToObj(i -> app.put(ask, "remembering", 1)).toList();
        app.decide(commands.toArray(In[]::new));

        UnaryOperator<In> again = first -> app.put(ask, "remembering", 1).with(Header.ID, command("ce_id", first));
        assertThat(app.decide(again.apply(commands.get(1)), again.apply(commands.get(2)))).hasSize(2)
                .allSatisfy(one -> assertThat(one.topic()).isEqualTo(ask + ".results"))
                .extracting(Out::json).satisfiesExactly(
                        one -> assertThat(one).contains("\"firstVersion\":2,\"version\":2"),
                        one -> assertThat(one).contains("\"firstVersion\":3,\"version\":3"));
        assertThat(app.decide(again.apply(commands.get(0))).getFirst().header("ce_sequence")).as("it is forgotten")
                .isEqualTo("4");
    }

    @Test
    void results_keep_is_how_long_redis_has_the_result_of_a_command_that_somebody_waits_for() {
        In asked = app.put(ask, "kept", 0).with(Header.REPLY_TO, "somebody");
        Slot slot = new Slot(ask, asked.partition());
        forgetResults(slot);
        app.decide(asked, app.put(ask, "kept", 0), app.put(ask, "kept", 1).with(Header.REPLY_TO, "somebody"));
        List<String> kept = kept(slot);
        assertThat(kept).as("that nobody waits for, or that the events tell, are not kept").hasSize(1);

        // older than hive.results.keep
        Wired.redis("DEL", Wired.key(Keys.resultsOrder(slot)));
        Wired.redis("RPUSH", Wired.key(Keys.resultsOrder(slot)),
                (System.currentTimeMillis() / 1000 - 61) + ":" + kept.getFirst());
        app.decide(app.put(ask, "kept", 0).with(Header.REPLY_TO, "somebody"));
        assertThat(kept(slot)).hasSize(1).doesNotContainAnyElementsOf(kept);
    }

    @Test
    void results_limit_is_how_many_results_of_a_partition_redis_has() {
        Supplier<In> asked = () -> app.put(ask, "limited", 0).with(Header.REPLY_TO, "somebody");
        Slot slot = new Slot(ask, asked.get().partition());
        forgetResults(slot);
        app.decide(asked.get(), asked.get());
        List<String> oldest = kept(slot);
        assertThat(oldest).hasSize(2);
        app.decide(Stream.generate(asked).limit(10).toArray(In[]::new));
        assertThat(kept(slot)).hasSize(10).doesNotContainAnyElementsOf(oldest);
    }

    private static void forgetResults(Slot slot) {
        Wired.redis("DEL", Wired.key(Keys.results(slot)), Wired.key(Keys.resultsOrder(slot)));
    }

    private static List<String> kept(Slot slot) {
        return ((List<?>) Wired.redis("HKEYS", Wired.key(Keys.results(slot)))).stream().map(String::valueOf).toList();
    }

    @Test
    void results_max_message_bounds_what_is_taken_over_http() throws Exception {
        String body = "{\"events\":1" + " ".repeat(90);
        assertThat(app.post("/v1/" + ask + "/large/put", body + "}").statusCode()).isEqualTo(413);
        // 503 until the results are read
        await().untilAsserted(
                () -> assertThat(app.post("/v1/" + ask + "/large/put", "{\"events\":1}").statusCode()).isEqualTo(202));
    }

    @Test
    void lock_scope_partition_takes_one_lock_a_partition() {
        List<String> held = new ArrayList<>();
        Probes.onDecide = () -> held.addAll(Wired.locks());
        In command = app.put(ask, "locked", 1);
        app.decide(command);
        assertThat(held).containsExactly("hive:lock:" + ask + ":" + command.partition());
        assertThat(Wired.locks()).as("they are released").isEmpty();
    }

    @Test
    void catch_up_watch_is_how_often_an_idle_partition_is_looked_at() {
        In command = app.put(tell, "watched", 1);
        app.decide(command);
        Slot slot = new Slot(tell, command.partition());
        String generation = generation(slot);
        Wired.redis("DEL", Wired.key(Keys.checkpoint(slot, generation)));

        await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(10)).until(
                () -> Wired.redis("EXISTS", Wired.key(Keys.checkpoint(slot, generation))).equals(1L));
        app.awaitOpen();
        assertThat(app.decide(app.put(tell, "watched", 1)).getFirst().header("ce_sequence")).isEqualTo("2");
    }

    @Test
    void http_patience_is_how_long_an_answer_is_waited_for() throws Exception {
        long began = System.nanoTime();
        var answer = app.post("/v1/" + ask + "/patient/put", "{\"events\":1}");
        assertThat(answer.statusCode()).isEqualTo(202);
        assertThat(answer.headers().firstValue("Location")).isPresent();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(Duration.ofMillis(300),
                Duration.ofSeconds(8));
    }

    @Test
    void http_max_in_flight_is_how_many_may_wait_at_once() {
        List<CompletableFuture<java.net.http.HttpResponse<String>>> crowd = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            crowd.add(app.postAsync("/v1/" + ask + "/crowd/put", "{\"events\":1}"));
        }
        assertThat(crowd.stream().map(one -> one.join().statusCode())).contains(202, 429).containsOnly(202, 429);
        assertThat(crowd.stream().map(CompletableFuture::join).filter(one -> one.statusCode() == 429))
                .allSatisfy(one -> assertThat(one.headers().firstValue("Retry-After")).isPresent());
    }

    @Test
    void a_cache_that_was_changed_during_a_batch_is_not_written_and_is_caught_up() {
        In command = app.put(tell, "overtaken", 1);
        Slot slot = new Slot(tell, command.partition());
        app.decide(command);
        String generation = generation(slot);
        double before = app.count("hive.writeback.overtaken", "aggregate", tell);
        Probes.onDecide = () -> Wired.redis("DEL", Wired.key(Keys.checkpoint(slot, generation)));

        app.decide(app.put(tell, "overtaken", 1));
        Probes.onDecide = () -> {};

        assertThat(app.count("hive.writeback.overtaken", "aggregate", tell)).isEqualTo(before + 1);
        app.awaitOpen();
        assertThat(app.decide(app.put(tell, "overtaken", 1)).getFirst().header("ce_sequence")).isEqualTo("3");
    }

    @Test
    void hive_aggregates_chooses_what_runs() {
        try (Wired one = Wired.start("--AGGREGATE=tell-%", "--hive.lock.scope=aggregate", "--hive.catch-up.step=1")) {
            String name = one.names.getLast();
            BindingServiceProperties bindings = one.context.getBean(BindingServiceProperties.class);
            assertThat(bindings.getBindingDestination("input")).isEqualTo(name + ".commands");
            assertThat(bindings.getBindingDestination("output")).isEqualTo(name + ".events");
            one.own(name);

            List<String> held = new ArrayList<>();
            Probes.onDecide = () -> {
                held.clear();
                held.addAll(Wired.locks());
            };
            one.decide(one.put(name, "a", 1), one.put(name, "b", 1), one.put(name, "a", 1));
            assertThat(held).as("lock.scope=aggregate").containsExactlyInAnyOrder("hive:lock:" + name + ":a:a",
                    "hive:lock:" + name + ":a:b");
            assertThat(Wired.locks()).isEmpty();
        }
    }

    @Test
    void a_start_that_cannot_go_well_is_refused_in_one_line() {
        assertRefused(() -> Wired.start("--hive.topics.create=false").close(), "The topics [",
                "hive.topics.create is false");
        assertRefused(() -> Wired.start("--hive.aggregates=nothing").close(),
                "Unknown aggregate 'nothing'; known: ask-",
                "tell-");
    }

    @Test
    void a_property_out_of_its_bounds_is_refused_in_one_line() {
        assertRefused(() -> bind("hive.partitions", "0"), "hive.partitions is 0", "set it to 1 to 10000");
        assertRefused(() -> bind("hive.lock.ttl", "50ms"), "hive.lock.ttl is PT0.05S", "100 ms or more");
        assertRefused(() -> bind("hive.lock.drift-factor", "0.5"), "hive.lock.drift-factor is 0.5", "0 up to 0.5");
        assertRefused(() -> bind("hive.decide.attempts", "0"), "hive.decide.attempts is 0", "1 or more");
        assertRefused(() -> bind("hive.decide.remembered", "0"), "hive.decide.remembered is 0", "1 or more");
    }

    private static void bind(String name, String value) {
        new Binder(new MapConfigurationPropertySource(Map.of(name, value))).bind("hive", HiveProperties.class);
    }

    private static void assertRefused(ThrowingCallable start, String begin, String within) {
        assertThatThrownBy(start).satisfies(thrown -> {
            Throwable cause = thrown;
            while (cause != null && !(cause instanceof StartRefused)) {
                cause = cause.getCause();
            }
            assertThat(cause).as(String.valueOf(thrown)).isNotNull().message().startsWith(begin).contains(within)
                    .doesNotContain("\n");
        });
    }

    @Test
    void each_meter_is_listed_in_the_documentation_with_its_tags() throws Exception {
        In first = app.put(tell, "measured", 1);
        app.decide(first);
        app.decide(first);
        app.decide(app.put(tell, "measured", 1).with(Header.ID, command("ce_id", first)));
        In lost = app.put(tell, "measured", 1);
        app.decide(lost.at(1 - lost.partition()));
        Slot slot = new Slot(tell, first.partition());
        Probes.onDecide = () -> Wired.redis("DEL", Wired.key(Keys.checkpoint(slot, generation(slot))));
        app.decide(app.put(tell, "measured", 1));
        app.awaitOpen();

        Map<String, String> registered = new TreeMap<>();
        app.context.getBean(MeterRegistry.class).getMeters().stream().map(Meter::getId)
                .filter(id -> id.getName().startsWith("hive."))
                .forEach(id -> registered.put(id.getName(), id.getTags().stream().map(tag -> "`" + tag.getKey() + "`")
                        .collect(Collectors.joining(", "))));
        Map<String, String> documented = new TreeMap<>();
        Documents.rows("metrics.md").forEach(row -> documented.put(row.get(0).replace("`", ""), row.get(2)));
        assertThat(registered).isEqualTo(documented);
    }

    @Test
    void reads_stop_when_redis_was_rolled_back_although_the_restore_cannot_end() throws Exception {
        In first = app.put(ask, "rolled-back", 1);
        app.decide(first);
        Slot slot = new Slot(ask, first.partition());
        String generation = generation(slot);
        List<String> keys = List.of(Wired.key(Keys.checkpoint(slot, generation)),
                Wired.key(Keys.snapshot(slot, generation, "rolled-back")));
        List<String> old = keys.stream().map(key -> (String) Wired.redis("GET", key)).toList();
        app.decide(app.put(ask, "rolled-back", 1));
        assertThat(app.get("/v1/" + ask + "/rolled-back").body()).isEqualTo("{\"count\":2}");
        // as long as this transaction is open the group's offset is not known, and no restore ends
        try (Producer<byte[], byte[]> open = Wired.open("command-processor", new TopicPartition(Topics.commands(ask),
                slot.partition()))) {
            for (int i = 0; i < keys.size(); i++) {
                Wired.redis("SET", keys.get(i), old.get(i));
            }

            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                var response = app.get("/v1/" + ask + "/rolled-back");
                assertThat(response.statusCode()).isEqualTo(503);
                assertThat(response.body()).contains("\"catching-up\"");
            });
            assertThat(app.ownership().closed().get(slot.toString()).state())
                    .isEqualTo(OwnedPartition.State.RESTORING);
            open.abortTransaction();
        }
        app.awaitOpen();
        assertThat(app.get("/v1/" + ask + "/rolled-back").body()).isEqualTo("{\"count\":2}");
    }

    @Test
    void a_request_that_waits_in_vain_for_the_cache_leaves_nothing_behind() throws Exception {
        Reflections reflections = app.context.getBean(Reflections.class);
        Slot slot = Slot.of(ask, "in-vain", 2);
        Position never = new Position(app.context.getBean(Topics.class).require(ask).commands(), 1_000_000);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", LocalStack.shared().broker().bootstrapServers()),
                new ByteArraySerializer(), new ByteArraySerializer())) {
            boolean hasWaited = false;
            for (int attempt = 0; !hasWaited; attempt++) {
                String commandId = "in-vain-" + attempt;
                CompletableFuture<?> response = app.postAsync("/v1/" + ask + "/in-vain/put", "{\"events\":1}",
                        "Idempotency-Key", commandId);
                ProducerRecord<byte[], byte[]> result = new ProducerRecord<>(Topics.results(ask), slot.partition(),
                        utf8("in-vain"), utf8("{\"commandId\":\"" + commandId + "\",\"aggregate\":\"" + ask
                                + "\",\"id\":\"in-vain\",\"outcome\":\"accepted\",\"version\":1}"));
                result.headers().add(Header.REPLY_TO, utf8("wired")).add(Header.COMMAND_POSITION,
                        utf8(never.toString()));
                while (!response.isDone()) {
                    producer.send(result).get();
                    hasWaited |= reflections.waiting() > 0;
                }
            }
        }
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(reflections.waiting()).isZero());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String generation(Slot slot) {
        return (String) ((List<?>) Wired.redis("HVALS", Wired.key(Keys.active(slot)))).getFirst();
    }

    private static String command(String header, In command) {
        return new String((byte[]) command.headers().get(header), StandardCharsets.UTF_8);
    }
}
