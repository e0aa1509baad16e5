package dev.hivestream.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.model.SagaDiagram;
import dev.hivestream.model.SagaType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SagaDiagramsTest {

    private static final String RENEW = "./mvnw -pl shared-domain/samples -am -Ddiagrams.write test";
    private static final Path PAGES = Path.of("..", "..", "docs", "sagas");
    private static final String BEGIN = "```mermaid\n";
    private static final String END = "```\n";

    @ParameterizedTest
    @MethodSource("sagas")
    void the_page_of_a_saga_has_its_diagram(SagaType<?, ?, ?> saga) throws IOException {
        Path page = PAGES.resolve(saga.name() + ".md");
        String diagram = SagaDiagram.of(saga);
        if (System.getProperty("diagrams.write") != null) {
            Files.createDirectories(PAGES);
            Files.writeString(page, with(diagram, Files.exists(page) ? Files.readString(page) : ""));
        }

        assertThat(page).as("renewed by " + RENEW).exists();
        assertThat(Files.readString(page)).as(page.normalize() + ", renewed by " + RENEW)
                .contains(BEGIN + diagram + END);
    }

    static List<SagaType<?, ?, ?>> sagas() {
        return new SampleDomain().sagas();
    }

    private static String with(String diagram, String page) {
        int begin = page.indexOf(BEGIN);
        int end = page.indexOf(END, begin + BEGIN.length());
        return begin < 0 || end < 0
                ? page + BEGIN + diagram + END
                : page.substring(0, begin + BEGIN.length()) + diagram + page.substring(end);
    }
}
