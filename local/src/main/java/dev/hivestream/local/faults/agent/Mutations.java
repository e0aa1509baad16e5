package dev.hivestream.local.faults.agent;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Safeguards that can be taken away, by name. Each comes with delays, or failures, that make the window wide in which the safeguard
 * matters; {@code delays-only} has those of all and takes nothing away.
 */
final class Mutations {

    private static final String RUNTIME = "dev/hivestream/runtime/";
    private static final String ATTEMPT = RUNTIME + "owner/Attempt";
    private static final String CATCH_UP = RUNTIME + "log/CatchUp";
    private static final String GATE = RUNTIME + "owner/Admission$Gate";
    private static final String PRODUCER = "org/apache/kafka/clients/producer/KafkaProducer";
    private static final String OWNED = RUNTIME + "owner/OwnedPartition";
    /** What calls deciders. */
    static final String DECIDING = "dev/hivestream/commandprocessor/Part";
    private static final String HASH = RUNTIME + "message/CommandHash";
    private static final String REACTOR = RUNTIME + "saga/Reactor";
    private static final ClassDesc RESUME = ClassDesc.ofInternalName(RUNTIME + "log/RestoredPartition$Resume");
    private static final ClassDesc OFFSET = ClassDesc.of("org.apache.kafka.clients.consumer.OffsetAndMetadata");
    private static final ClassDesc BYTES = ConstantDescs.CD_byte.arrayType();
    private static final ClassDesc HOOKS = ClassDesc.of(Hooks.class.getName());
    private static final ClassDesc CONSUMER = ClassDesc.of("org.apache.kafka.clients.consumer.Consumer");
    private static final ClassDesc MEMBER = ClassDesc.of("org.apache.kafka.clients.consumer.ConsumerGroupMetadata");
    private static final ClassDesc ISOLATION = ClassDesc.of("org.apache.kafka.common.IsolationLevel");
    /** Of a script that writes the cache. */
    static final String CONDITION = "if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end\n";
    private static final int COMMIT_TO_CACHE = 400;
    private static final int DECISION = 400;
    private static final int MARKERS = 1_000;
    private static final int STEP = 400;
    private static final int RESTORE = 400;

    private Mutations() {}

    /**
     * A change of one method.
     *
     * @param type internal name
     * @param method its name, with its descriptor if there are others of that name
     */
    record Edit(String type, String method, CodeTransform change) {}

    /** The changes that a mutation makes. */
    static Function<String, @Nullable ClassTransform> named(String name) {
        List<Edit> edits = switch (name) {
            case "no-condition" -> List.of(afterCommitLingers(),
                    new Edit(RUNTIME + "cache/Cache", "<clinit>", Mutations::withoutCondition));
            case "cache-first" -> List.of(new Edit(ATTEMPT, "beforeCommit", atStart(Mutations::writeCacheFirst)),
                    new Edit(ATTEMPT, "afterCommit", atStart(Mutations::returnIfAgain)));
            // the end of the log is taken for its beginning
            case "no-catch-up" -> List.of(new Edit(CATCH_UP, "readTo", atStart(code -> code.lconst_0().lstore(1))));
            case "last-stable-offset" -> List.of(new Edit(CATCH_UP, "highWatermark", Mutations::readCommitted));
            case "no-fencing" -> List.of(decideLingers(),
                    new Edit(RUNTIME + "cache/Guard$Held", "requireValid", atStart(CodeBuilder::return_)),
                    new Edit(PRODUCER, "sendOffsetsToTransaction", atStart(code -> code.aload(2)
                            .invokestatic(HOOKS, "anybody", MethodTypeDesc.of(MEMBER, MEMBER)).astore(2))));
            case "rewind" -> List.of(new Edit(GATE, "poll", atStart(code -> code.aload(0)
                    .getfield(ClassDesc.ofInternalName(GATE), "consumer", CONSUMER)
                    .invokestatic(HOOKS, "rewind", MethodTypeDesc.of(ConstantDescs.CD_void, CONSUMER)))));
            case "dedup-off" -> List.of(
                    new Edit(RUNTIME + "message/Position", "covers", atStart(code -> code.iconst_0().ireturn())),
                    new Edit(RUNTIME + "cache/Snapshot", "recall", atStart(code -> code.aconst_null().areturn())),
                    new Edit(RUNTIME + "cache/Snapshot", "recallLegacy",
                            atStart(code -> code.aconst_null().areturn())));
            case "steps-unchained" -> List.of(stepsLinger(), new Edit(RUNTIME + "cache/Checkpoint", "renewed",
                    atStart(code -> code.aload(0).areturn())));
            case "restore-beside-batch" -> List.of(decideLingers(), restoreLingers(),
                    new Edit(OWNED, "tryLock", atStart(code -> code.iconst_1().ireturn())),
                    new Edit(OWNED, "unlock", atStart(Mutations::returnUnlessUsed)),
                    new Edit(OWNED, "restore", Mutations::asIfUsed));
            // every source is the one of HTTP, and every body the same
            case "identity-by-id" -> List.of(
                    new Edit(HASH, "of(Ljava/lang/String;Ljava/lang/String;)L" + HASH + ";",
                            atStart(code -> code.loadConstant("/hive/http").astore(0))),
                    new Edit(HASH, "first64(Ljava/lang/String;[B)J", atStart(code -> code.lconst_0().lreturn())));
            case "forward-first" -> List.of(new Edit(DECIDING,
                    "decide(Ldev/hivestream/runtime/message/Incoming;)V", atStart(Mutations::forward)));
            case "no-deadline" -> List.of(new Edit(RUNTIME + "domain/DomainThread", "abandon",
                    atStart(code -> code.iconst_0().ireturn())));
            // what a message of the past did is what this code would do
            case "react-in-fold" -> List.of(new Edit(REACTOR + "$Run", "turn", Mutations::asIfNew));
            // neither the position in the history nor the causes that an instance remembers tell that a message was handled
            case "no-positions" -> List.of(
                    new Edit(CATCH_UP, "resume", atStart(Mutations::resumeAtGroupOffset)),
                    new Edit(RUNTIME + "message/Position", "covers", atStart(code -> code.iconst_0().ireturn())),
                    new Edit(REACTOR, "handle", Mutations::withoutCauses));
            case "no-early" -> List.of(new Edit(REACTOR, "concernsWaiting",
                    atStart(code -> code.iconst_0().ireturn())));
            case "delays-only" -> List.of(afterCommitLingers(), decideLingers(), stepsLinger(), restoreLingers(),
                    new Edit(ATTEMPT, "beforeCommit", atStart(Mutations::failNowAndThen)));
            case "slow-markers" -> List.of(new Edit("kafka/server/KafkaApis", "handleWriteTxnMarkersRequest",
                    atStart(code -> linger(code, MARKERS))));
            default -> throw new IllegalArgumentException("There is no mutation '" + name + "'");
        };
        return byType(edits);
    }

    private static Function<String, @Nullable ClassTransform> byType(List<Edit> edits) {
        Map<String, ClassTransform> transforms = edits.stream().collect(Collectors.groupingBy(Edit::type,
                Collectors.collectingAndThen(Collectors.toList(), ofOne -> new OfClass(ofOne, new HashSet<>()))));
        return type -> {
            ClassTransform transform = transforms.get(type);
            if (transform != null) {
                System.err.println("The agent changes " + type);
            }
            return transform;
        };
    }

    /** All edits of one class. */
    record OfClass(List<Edit> edits, Set<Edit> made) implements ClassTransform {

        @Override
        public void accept(ClassBuilder type, ClassElement element) {
            for (Edit edit : edits) {
                if (element instanceof MethodModel method && (method.methodName().equalsString(edit.method())
                        || edit.method()
                                .equals(method.methodName().stringValue() + method.methodType().stringValue()))) {
                    made.add(edit);
                    type.transformMethod(method, MethodTransform.transformingCode(edit.change()));
                    return;
                }
            }
            type.with(element);
        }

        @Override
        public void atEnd(ClassBuilder type) {
            if (made.size() < edits.size()) {
                throw new IllegalStateException("Of " + edits + " only " + made + " could be made");
            }
        }
    }

    private static Edit afterCommitLingers() {
        return new Edit(ATTEMPT, "afterCommit", atStart(code -> linger(code, COMMIT_TO_CACHE)));
    }

    private static Edit decideLingers() {
        return new Edit(ATTEMPT, "decide", atStart(code -> linger(code, DECISION)));
    }

    private static Edit stepsLinger() {
        return new Edit(RUNTIME + "log/SlotFold", "writeStep", atStart(code -> linger(code, STEP)));
    }

    private static Edit restoreLingers() {
        return new Edit(RUNTIME + "owner/Ownership", "restored", new BeforeReturn(code -> linger(code, RESTORE)));
    }

    /** Decisions that take as long as {@link Hooks#decides} says. */
    static Function<String, @Nullable ClassTransform> slowDecisions() {
        return byType(List.of(new Edit(DECIDING, "outcome", atStart(code -> code.aload(1).invokestatic(HOOKS, "decides",
                MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_Object))))));
    }

    private static void returnUnlessUsed(CodeBuilder code) {
        Label used = code.newLabel();
        code.aload(0).invokevirtual(ClassDesc.ofInternalName(OWNED), "isUsedByCurrentThread",
                MethodTypeDesc.of(ConstantDescs.CD_boolean)).ifne(used).return_().labelBinding(used);
    }

    private static void asIfUsed(CodeBuilder code, CodeElement element) {
        code.with(element);
        if (element instanceof InvokeInstruction call && call.name().equalsString("isHeldByCurrentThread")) {
            code.pop().iconst_1();
        }
    }

    /** A command that is in the wrong partition is forwarded, whatever its position is. */
    private static void forward(CodeBuilder code) {
        ClassDesc part = ClassDesc.ofInternalName(DECIDING);
        ClassDesc command = ClassDesc.ofInternalName(RUNTIME + "message/Incoming");
        ClassDesc place = ClassDesc.of("org.apache.kafka.common.TopicPartition");
        Label atHome = code.newLabel();
        code.aload(1).invokevirtual(command, "key", MethodTypeDesc.of(BYTES)).aload(1)
                .invokevirtual(command, "partition", MethodTypeDesc.of(place))
                .invokestatic(HOOKS, "away", MethodTypeDesc.of(ConstantDescs.CD_int, BYTES, place)).istore(2)
                .iload(2).iflt(atHome).aload(0).aload(1).iload(2)
                .invokevirtual(part, "forward", MethodTypeDesc.of(ConstantDescs.CD_void, command, ConstantDescs.CD_int))
                .return_().labelBinding(atHome);
    }

    /** Without what is recorded of it, a message is handled as a new one. */
    private static void asIfNew(CodeBuilder code, CodeElement element) {
        if (element instanceof InvokeInstruction call && call.name().equalsString("next")) {
            code.pop().aconst_null();
        } else {
            code.with(element);
        }
    }

    /** Where the group has no offset, at the beginning. */
    private static void resumeAtGroupOffset(CodeBuilder code) {
        int committed = 5;
        Label none = code.newLabel();
        MethodTypeDesc resume = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_long, ConstantDescs.CD_int,
                ConstantDescs.CD_long, ConstantDescs.CD_boolean);
        code.aload(committed).ifnull(none)
                .new_(RESUME).dup().aload(committed).invokevirtual(OFFSET, "offset",
                        MethodTypeDesc.of(ConstantDescs.CD_long))
                .iconst_m1().lconst_0().iconst_1().invokespecial(RESUME, ConstantDescs.INIT_NAME, resume).areturn()
                .labelBinding(none)
                .new_(RESUME).dup().lconst_0().iconst_m1().lconst_0().iconst_0()
                .invokespecial(RESUME, ConstantDescs.INIT_NAME, resume).areturn();
    }

    private static void withoutCauses(CodeBuilder code, CodeElement element) {
        if (element instanceof InvokeInstruction call && call.name().equalsString("versionsOf")) {
            code.pop2().aconst_null();
        } else {
            code.with(element);
        }
    }

    private static void linger(CodeBuilder code, int millis) {
        code.loadConstant(millis).invokestatic(HOOKS, "linger",
                MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int));
    }

    private static void writeCacheFirst(CodeBuilder code) {
        // what was sent is acknowledged meanwhile, and its position known
        linger(code, COMMIT_TO_CACHE);
        code.aload(0).invokevirtual(ClassDesc.ofInternalName(ATTEMPT), "afterCommit", ConstantDescs.MTD_void);
        failNowAndThen(code);
    }

    private static void failNowAndThen(CodeBuilder code) {
        code.invokestatic(HOOKS, "failNowAndThen", ConstantDescs.MTD_void);
    }

    private static void returnIfAgain(CodeBuilder code) {
        Label first = code.newLabel();
        code.aload(0).invokestatic(HOOKS, "isAgain",
                MethodTypeDesc.of(ConstantDescs.CD_boolean, ConstantDescs.CD_Object)).ifeq(first).return_()
                .labelBinding(first);
    }

    private static void withoutCondition(CodeBuilder code, CodeElement element) {
        if (element instanceof ConstantInstruction constant && constant.constantValue() instanceof String script
                && script.contains(CONDITION)) {
            code.loadConstant(script.replace(CONDITION, ""));
        } else {
            code.with(element);
        }
    }

    private static void readCommitted(CodeBuilder code, CodeElement element) {
        if (element instanceof FieldInstruction field && field.name().equalsString("READ_UNCOMMITTED")) {
            code.getstatic(ISOLATION, "READ_COMMITTED", ISOLATION);
        } else {
            code.with(element);
        }
    }

    /** Puts code before each end of a method that returns an object. */
    record BeforeReturn(Consumer<CodeBuilder> inserted) implements CodeTransform {

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            if (element instanceof ReturnInstruction) {
                inserted.accept(code);
            }
            code.with(element);
        }
    }

    private static CodeTransform atStart(Consumer<CodeBuilder> inserted) {
        return new AtStart(inserted);
    }

    /** Puts code before a method's own. */
    record AtStart(Consumer<CodeBuilder> inserted) implements CodeTransform {

        @Override
        public void atStart(CodeBuilder code) {
            inserted.accept(code);
        }

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            code.with(element);
        }
    }
}
