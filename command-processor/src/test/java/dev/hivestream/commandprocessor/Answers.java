package dev.hivestream.commandprocessor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.runtime.message.Json;
import java.net.http.HttpResponse;
import tools.jackson.databind.JsonNode;

/** What every answer must be, whatever it says. */
final class Answers {

    private Answers() {}

    static JsonNode json(HttpResponse<String> answer) {
        return Json.TOLERANT.readTree(answer.body());
    }

    /** A problem of this status and code, with a sentence for people and nothing of the inside. */
    static JsonNode problem(HttpResponse<String> answer, int status, String code) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("application/problem+json");
        discreet(answer.body());
        JsonNode problem = json(answer);
        assertThat(problem.path("status").asInt()).isEqualTo(status);
        assertThat(problem.path("code").asString("")).as(answer.body()).isEqualTo(code);
        assertThat(problem.path("type").asString("")).as(answer.body()).isEqualTo("urn:hive:problem:" + code);
        assertThat(problem.path("detail").asString("")).as(answer.body()).isNotBlank();
        return problem;
    }

    /** No stack trace, no name of a class, no page of the web server. */
    static void discreet(String text) {
        assertThat(text)
                .doesNotContain("\tat ", "<html", "Apache", "Tomcat", "Jackson", "jackson", "Spring", "hivestream")
                .doesNotContainPattern("[A-Z][A-Za-z]+(Exception|Error)\\b")
                .doesNotContainPattern("\\b([a-z]+\\.){2,}[A-Z]\\w+")
                .doesNotContain("Feature", "ALLOW_");
    }
}
