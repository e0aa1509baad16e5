package dev.hivestream.commandprocessor;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.Decider;
import dev.hivestream.model.Decision;
import dev.hivestream.model.Domain;
import java.util.List;
import java.util.stream.Stream;

/** Aggregates whose topics may be spoiled, for no other test uses them. */
public final class MisfitDomain implements Domain {

    record Add() {}

    record Added() {}

    record Sum(int value) {}

    @Override
    public List<Aggregate<?, ?, ?>> aggregates() {
        return Stream.of("few-commands", "few-events", "many-results", "compacted", "aging", "bounded",
                "growing", "sound").<Aggregate<?, ?, ?>>map(MisfitDomain::named).toList();
    }

    private static Aggregate<Add, Sum, Added> named(String name) {
        return Aggregate.named(name, new Adding(), Sum.class).command("add", Add.class).event("added", Added.class)
                .build();
    }

    private static final class Adding implements Decider<Add, Sum, Added> {
        @Override
        public Sum initialState() {
            return new Sum(0);
        }

        @Override
        public Decision<Added> decide(Add command, Sum sum) {
            return Decision.accept(new Added());
        }

        @Override
        public Sum evolve(Sum sum, Added event) {
            return new Sum(sum.value + 1);
        }
    }
}
