package dev.hivestream.local.faults.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.runtime.cache.Cache;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.StringEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Mutations name classes, methods and scripts of the apps as text: a change of those shows here. */
class MutationsTest {

    private static final List<String> CHANGED = List.of("dev/hivestream/runtime/owner/Attempt",
            "dev/hivestream/runtime/cache/Cache", "dev/hivestream/runtime/log/CatchUp",
            "dev/hivestream/runtime/cache/Guard$Held", "org/apache/kafka/clients/producer/KafkaProducer",
            "dev/hivestream/runtime/owner/Admission$Gate", "dev/hivestream/runtime/message/Position",
            "dev/hivestream/runtime/cache/Snapshot", "dev/hivestream/runtime/cache/Checkpoint",
            "dev/hivestream/runtime/log/SlotFold", "dev/hivestream/runtime/owner/OwnedPartition",
            "dev/hivestream/runtime/owner/Ownership", "dev/hivestream/runtime/message/CommandHash",
            "dev/hivestream/runtime/domain/DomainThread", "dev/hivestream/runtime/saga/Reactor",
            "dev/hivestream/runtime/saga/Reactor$Run",
            Mutations.DECIDING);

    @ParameterizedTest
    @ValueSource(strings = {"no-condition", "cache-first", "no-catch-up", "last-stable-offset", "no-fencing", "rewind",
            "dedup-off", "steps-unchained", "restore-beside-batch", "identity-by-id", "forward-first", "no-deadline",
            "react-in-fold", "no-positions", "no-early", "delays-only"})
    void every_mutation_can_be_made(String name) throws IOException {
        Function<String, @Nullable ClassTransform> mutation = Mutations.named(name);
        List<String> made = new ArrayList<>();
        for (String type : CHANGED) {
            ClassTransform transform = mutation.apply(type);
            if (transform != null) {
                // throws if a method that the mutation names is not there
                assertThat(instructions(changed(type, transform))).isNotEqualTo(instructions(bytes(type)));
                made.add(type);
            }
        }
        assertThat(made).isNotEmpty();
    }

    @Test
    void decisions_can_be_slowed_down() throws IOException {
        assertThat(instructions(changed(Mutations.DECIDING,
                Objects.requireNonNull(Mutations.slowDecisions().apply(Mutations.DECIDING)))))
                .isNotEqualTo(instructions(bytes(Mutations.DECIDING)));
    }

    @Test
    void a_class_that_is_only_written_again_has_the_same_instructions() throws IOException {
        for (String type : CHANGED) {
            assertThat(instructions(changed(type, ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL))))
                    .isEqualTo(instructions(bytes(type)));
        }
    }

    @Test
    void no_script_keeps_its_condition() throws IOException {
        String cache = Cache.class.getName().replace('.', '/');
        assertThat(conditions(bytes(cache))).isEqualTo(3);
        assertThat(conditions(changed(cache, Objects.requireNonNull(Mutations.named("no-condition").apply(cache)))))
                .isZero();
    }

    private static long conditions(byte[] type) {
        return StreamSupport.stream(ClassFile.of().parse(type).constantPool().spliterator(), false)
                .filter(entry -> entry instanceof StringEntry text && text.stringValue().contains(Mutations.CONDITION))
                .count();
    }

    /** All of them as this library writes them, which is not in every place as the compiler did. */
    private static List<String> instructions(byte[] type) {
        byte[] written = changed(type, ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL));
        List<String> found = new ArrayList<>();
        for (MethodModel method : ClassFile.of().parse(written).methods()) {
            method.code().ifPresent(code -> code.forEach(element -> {
                if (element instanceof Instruction instruction) {
                    found.add(instruction.toString());
                }
            }));
        }
        return found;
    }

    private static byte[] changed(String type, ClassTransform transform) throws IOException {
        return changed(bytes(type), transform);
    }

    private static byte[] changed(byte[] type, ClassTransform transform) {
        ClassFile file = ClassFile.of(ClassFile.DebugElementsOption.DROP_DEBUG,
                ClassFile.ConstantPoolSharingOption.NEW_POOL,
                ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.defaultResolver()
                        .orElse(ClassHierarchyResolver.ofResourceParsing(MutationsTest.class.getClassLoader()))));
        return file.transformClass(file.parse(type), transform);
    }

    private static byte[] bytes(String type) throws IOException {
        try (InputStream content = MutationsTest.class.getResourceAsStream("/" + type + ".class")) {
            return Objects.requireNonNull(content, type).readAllBytes();
        }
    }
}
