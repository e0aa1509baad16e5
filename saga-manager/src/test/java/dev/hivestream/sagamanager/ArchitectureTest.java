package dev.hivestream.sagamanager;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.hivestream.sagamanager", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule no_domain_is_built_in = noClasses().should().dependOnClassesThat()
            .resideInAPackage("dev.hivestream.samples..");

    @ArchTest
    static final ArchRule nothing_knows_the_web = noClasses().that()
            .resideInAPackage("dev.hivestream.sagamanager").should().dependOnClassesThat()
            .resideInAnyPackage("org.springframework.web..", "org.springframework.http..", "jakarta.servlet..");

    @ArchTest
    static final ArchRule the_functions_know_neither_kafka_nor_redis = classes().that()
            .areAssignableTo("java.util.function.Function").should().onlyDependOnClassesThat()
            .resideInAnyPackage("java..", "org.springframework.messaging..", "dev.hivestream.sagamanager",
                    "dev.hivestream.runtime.domain", "dev.hivestream.runtime.message", "dev.hivestream.runtime.owner",
                    "org.jspecify..");

    @ArchTest
    static final ArchRule nothing_is_injected_into_fields = noFields().should()
            .beAnnotatedWith("org.springframework.beans.factory.annotation.Autowired").orShould()
            .beAnnotatedWith("org.springframework.beans.factory.annotation.Value").orShould()
            .beAnnotatedWith("jakarta.inject.Inject").orShould().beAnnotatedWith("jakarta.annotation.Resource");
}
