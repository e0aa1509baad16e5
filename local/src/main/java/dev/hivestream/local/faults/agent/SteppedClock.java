package dev.hivestream.local.faults.agent;

import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.time.Clock;
import java.time.Instant;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What the time of day is in this JVM, as its apps and clients see it. The time that {@code nanoTime} tells stays. */
public final class SteppedClock {

    private static final ClassDesc SELF = ClassDesc.of(SteppedClock.class.getName());
    private static final ClassDesc INSTANT = ClassDesc.of("java.time.Instant");
    private static final ClassDesc CLOCK = ClassDesc.of("java.time.Clock");

    private static volatile long step;

    private SteppedClock() {}

    static void step(long millis) {
        step = millis;
    }

    /** For {@link System#currentTimeMillis()}. */
    public static long currentTimeMillis() {
        return System.currentTimeMillis() + step;
    }

    /** For {@link Instant#now()}. */
    public static Instant now() {
        return Instant.now().plusMillis(step);
    }

    /** For {@link Instant#now(Clock)} and {@link Clock#instant()}. */
    public static Instant now(Clock clock) {
        return clock.instant().plusMillis(step);
    }

    /** For {@link Clock#millis()}. */
    public static long millis(Clock clock) {
        return clock.millis() + step;
    }

    static boolean concerns(String type) {
        return (type.startsWith("dev/hivestream/") && !type.startsWith("dev/hivestream/local/"))
                || type.startsWith("org/apache/kafka/common/utils/SystemTime")
                || type.startsWith("org/springframework/integration/redis/util/")
                || type.startsWith("org/springframework/kafka/listener/");
    }

    static Function<String, @Nullable ClassTransform> rewrites() {
        return type -> concerns(type)
                ? ClassTransform.transformingMethodBodies(new Rewrite())
                : null;
    }

    /** Of calls that ask for the time. */
    static final class Rewrite implements CodeTransform {

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            if (!(element instanceof InvokeInstruction call)) {
                code.with(element);
                return;
            }
            String called = call.owner().asInternalName() + "." + call.name().stringValue();
            switch (called) {
                case "java/lang/System.currentTimeMillis" ->
                    code.invokestatic(SELF, "currentTimeMillis", MethodTypeDesc.of(ConstantDescs.CD_long));
                case "java/time/Clock.millis" ->
                    code.invokestatic(SELF, "millis", MethodTypeDesc.of(ConstantDescs.CD_long, CLOCK));
                case "java/time/Clock.instant" ->
                    code.invokestatic(SELF, "now", MethodTypeDesc.of(INSTANT, CLOCK));
                case "java/time/Instant.now" ->
                    code.invokestatic(SELF, "now", call.typeSymbol());
                default -> code.with(element);
            }
        }
    }
}
