package dev.hivestream.commandprocessor;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.model.Domain;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** A domain that lets tests look in while it decides. Its aggregates have other names for each app that is started. */
public final class Probes implements Domain {

    /** The aggregates' names; set before an app is started. */
    static volatile List<String> names = List.of();

    /** Told of each command that is decided; may throw. */
    static volatile Runnable onDecide = () -> {};

    /** Told of each event that is folded. */
    static volatile Runnable onEvolve = () -> {};

    /** To put as many events, or none, or to refuse if negative. */
    public record Put(int events) {}

    /** One was put. */
    public record Was(int number) {}

    /** How many were put. */
    public record Count(int count) {}

    @Override
    public List<Aggregate<?, ?, ?>> aggregates() {
        return names.stream().<Aggregate<?, ?, ?>>map(name -> Aggregate.named(name, new Decides(), Count.class)
                .command("put", Put.class).event("was", Was.class).build()).toList();
    }

    private static final class Decides implements Decider<Put, Count, Was> {
        @Override
        public Count initialState() {
            return new Count(0);
        }

        @Override
        public Decision<Was> decide(Put command, Count state) {
            onDecide.run();
            return command.events() < 0
                    ? Decision.reject("negative", "Less than nothing")
                    : Decision.accept(IntStream.rangeClosed(1, command.events())
                            .mapToObj(i -> new Was(state.count() + i)).toList());
        }

        @Override
        public Count evolve(Count state, Was event) {
            onEvolve.run();
            return new Count(event.number());
        }
    }

    /** Finds this domain and no other. */
    static ClassLoader loader() {
        return new ClassLoader(Probes.class.getClassLoader()) {
            @Override
            public java.util.Enumeration<java.net.URL> getResources(String name) throws java.io.IOException {
                return name.equals("META-INF/services/" + Domain.class.getName())
                        ? Collections.enumeration(List.of(Probes.class.getResource("/probes")))
                        : super.getResources(name);
            }
        };
    }
}
