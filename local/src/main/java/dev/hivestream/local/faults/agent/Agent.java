package dev.hivestream.local.faults.agent;

import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

/**
 * What a JVM begins with, or is told while it runs: {@code mutation=NAME} takes a safeguard away, {@code clock=MILLIS} sets
 * its clock forward or back by so much, {@code decide=MILLIS} makes decisions
 * take up to so much. What cannot be done ends the JVM, for else nothing would show that it was not done.
 */
public final class Agent {

    /** What the agent's jar is made of, with what is nested in them. */
    public static final List<Class<?>> CLASSES = List.of(Agent.class, Hooks.class, Rewriting.class, Mutations.class,
            SteppedClock.class);

    private static final int FAILED = 70;
    private static final AtomicBoolean SLOWED = new AtomicBoolean();
    private static final AtomicBoolean STEPPED = new AtomicBoolean();

    private Agent() {}

    /** With {@code -javaagent}. */
    public static void premain(String arguments, Instrumentation instrumentation) {
        run(arguments, instrumentation);
    }

    /** Into a JVM that runs. */
    public static void agentmain(String arguments, Instrumentation instrumentation) {
        run(arguments, instrumentation);
    }

    private static void run(String arguments, Instrumentation instrumentation) {
        String[] parts = arguments.split("=", 2);
        switch (parts[0]) {
            case "mutation" -> instrumentation.addTransformer(new Rewriting(Mutations.named(parts[1])));
            case "clock" -> {
                SteppedClock.step(Long.parseLong(parts[1]));
                if (!STEPPED.getAndSet(true)) {
                    instrumentation.addTransformer(new Rewriting(SteppedClock.rewrites()), true);
                    retransform(instrumentation, SteppedClock::concerns);
                }
            }
            case "decide" -> {
                Hooks.slow(Integer.parseInt(parts[1]));
                if (!SLOWED.getAndSet(true)) {
                    instrumentation.addTransformer(new Rewriting(Mutations.slowDecisions()), true);
                    retransform(instrumentation, Mutations.DECIDING::equals);
                }
            }
            default -> fail(new IllegalArgumentException("Unknown: " + arguments));
        }
    }

    private static void retransform(Instrumentation instrumentation, Predicate<String> concerns) {
        List<Class<?>> loaded = new ArrayList<>();
        for (Class<?> type : instrumentation.getAllLoadedClasses()) {
            if (instrumentation.isModifiableClass(type) && concerns.test(type.getName().replace('.', '/'))) {
                loaded.add(type);
            }
        }
        try {
            instrumentation.retransformClasses(loaded.toArray(Class<?>[]::new));
        } catch (UnmodifiableClassException e) {
            fail(e);
        }
    }

    static void fail(Throwable why) {
        System.err.println("The agent failed: " + why);
        why.printStackTrace();
        Runtime.getRuntime().halt(FAILED);
    }
}
