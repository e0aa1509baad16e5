package dev.hivestream.runtime;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = {"dev.hivestream.runtime",
        "dev.hivestream.model"}, importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule the_model_knows_java_and_jspecify_only = classes().that()
            .resideInAPackage("dev.hivestream.model..").should().onlyDependOnClassesThat()
            .resideInAnyPackage("java..", "org.jspecify..", "dev.hivestream.model..");

    @ArchTest
    static final ArchRule owner_knows_log_knows_cache_knows_message = layeredArchitecture()
            .consideringOnlyDependenciesInLayers().layer("message").definedBy("dev.hivestream.runtime.message..")
            .layer("cache").definedBy("dev.hivestream.runtime.cache..").layer("log")
            .definedBy("dev.hivestream.runtime.log..").layer("owner").definedBy("dev.hivestream.runtime.owner..")
            .whereLayer("owner").mayNotBeAccessedByAnyLayer().whereLayer("log").mayOnlyBeAccessedByLayers("owner")
            .whereLayer("cache").mayOnlyBeAccessedByLayers("log", "owner").whereLayer("message")
            .mayOnlyBeAccessedByLayers("cache", "log", "owner");

    @ArchTest
    static final ArchRule messages_know_neither_redis_nor_the_configuration = noClasses().that()
            .resideInAPackage("dev.hivestream.runtime.message..").should().dependOnClassesThat()
            .resideInAnyPackage("dev.hivestream.runtime", "org.springframework.data..", "org.springframework.boot..");

    @ArchTest
    static final ArchRule only_access_knows_the_web = noClasses().that()
            .resideOutsideOfPackage("dev.hivestream.runtime.access").should().dependOnClassesThat()
            .resideInAnyPackage("org.springframework.web..", "jakarta.servlet..", "org.springframework.http..");

    @ArchTest
    static final ArchRule nothing_is_injected_into_fields = noFields().should()
            .beAnnotatedWith("org.springframework.beans.factory.annotation.Autowired").orShould()
            .beAnnotatedWith("org.springframework.beans.factory.annotation.Value").orShould()
            .beAnnotatedWith("jakarta.inject.Inject").orShould().beAnnotatedWith("jakarta.annotation.Resource");
}
