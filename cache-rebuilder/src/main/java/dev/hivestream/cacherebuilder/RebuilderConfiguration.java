package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.Folded;
import dev.hivestream.runtime.FoldedLogs;
import dev.hivestream.runtime.HiveProperties;
import dev.hivestream.runtime.ServedAggregates;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.cache.Cache;
import dev.hivestream.runtime.cache.Generations;
import dev.hivestream.runtime.cache.Guard;
import dev.hivestream.runtime.letter.DeadLetters;
import dev.hivestream.runtime.letter.LetterConfiguration;
import dev.hivestream.runtime.log.Replay;
import dev.hivestream.runtime.log.Topics;
import dev.hivestream.runtime.saga.Reactor;
import dev.hivestream.runtime.saga.ServedSagas;
import dev.hivestream.runtime.trace.Traces;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.cloud.stream.binding.BindingsLifecycleController;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;
import org.springframework.messaging.Message;

/** The function bean, the job, and what they work with. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(RebuilderProperties.class)
@Import(LetterConfiguration.class)
class RebuilderConfiguration {

    @Bean
    Consumer<Message<List<byte[]>>> rebuild(Following following, Traces traces) {
        return new RebuildCache(following, traces);
    }

    /**
     * Sagas are rebuilt if they are named; then without the aggregates, unless some are named, too. What is shown is named
     * anyway.
     */
    @Bean
    FoldedLogs foldedLogs(ServedAggregates served, HiveProperties hive, RebuilderProperties properties) {
        Map<String, Folded<?, ?>> logs = new HashMap<>();
        if (!hive.sagas().isEmpty() || properties.command() == RebuilderProperties.Command.SHOW) {
            logs.putAll(ServedSagas.of(ServedSagas.choose(hive.sagas()), hive.partitions(),
                    Reactor.Limits.of(hive.maxMessage().toBytes()))
                    .byName());
        }
        if (hive.sagas().isEmpty() || !hive.aggregates().isEmpty()) {
            logs.putAll(served.byName());
        }
        return new FoldedLogs(logs);
    }

    @Bean
    Following following(@Lazy BindingsLifecycleController bindings, Cache cache, Replay replay, Log log,
            Progress progress, Stopping stopping, RebuilderProperties properties) {
        return new Following(bindings, cache, replay, log, progress, stopping, properties);
    }

    @Bean
    Progress progress(MeterRegistry meters) {
        return new Progress(meters);
    }

    @Bean
    RebuildEndpoint rebuildEndpoint(Progress progress) {
        return new RebuildEndpoint(progress);
    }

    @Bean
    Stopping stopping(Progress progress) {
        return new Stopping(progress);
    }

    @Bean
    Log log(Admin admin, FoldedLogs logs, RebuilderProperties properties) {
        return new Log(admin, logs);
    }

    @Bean
    Folder folder(Replay replay, Stopping stopping, Progress progress, RebuilderProperties properties) {
        return new Folder(replay, stopping, progress, properties);
    }

    @Bean
    Verification verification(Cache cache, Generations generations, Replay replay, Log log, Progress progress,
            Stopping stopping, HiveProperties hive, RebuilderProperties properties) {
        return new Verification(cache, generations, replay, log, progress, stopping, hive, properties);
    }

    @Bean
    Repair repair(Cache cache, Guard guard, Replay replay, Log log, Folder folder, HiveProperties hive,
            RebuilderProperties properties) {
        return new Repair(cache, guard, replay, log, folder, hive, properties);
    }

    @Bean
    Job job(FoldedLogs served, Topics topics, Cache cache, Generations generations, Replay replay, Log log,
            Folder folder, Verification verification, Repair repair, Following following, Progress progress,
            Stopping stopping, Console console, DeadLetters letters, HiveProperties hive,
            RebuilderProperties properties, Environment environment) {
        String stream = environment.getProperty("spring.cloud.dataflow.stream.name");
        if (stream != null && !properties.follow()) {
            throw new StartRefused("This is an app of the stream '" + stream
                    + "' and would end when the cache is built, which Data Flow calls a failure. Set "
                    + "hive.rebuild.follow to true, or run the job without Data Flow");
        }
        return new Job(
                new Rebuild(served, topics, cache, generations, replay, log, folder, verification, following, progress,
                        stopping, hive, properties),
                new Verify(served, topics, generations, verification, repair, stopping, hive, properties),
                new Show(served, topics, replay, log, hive, properties),
                new GenerationList(served, topics, generations, log, hive, properties),
                new LetterDesk(letters, properties), progress, stopping, console,
                properties);
    }
}
