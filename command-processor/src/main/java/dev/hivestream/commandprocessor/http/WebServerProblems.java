package dev.hivestream.commandprocessor.http;

import dev.hivestream.runtime.message.Json;
import java.io.IOException;
import java.io.Writer;
import java.util.Map;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;

/** What the web server refuses before any handler sees it, such as an id that is not UTF-8, is answered as a problem too. */
@Component
final class WebServerProblems implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

    private static final Logger LOG = LoggerFactory.getLogger(WebServerProblems.class);

    @Override
    public void customize(TomcatServletWebServerFactory factory) {
        factory.addContextCustomizers(context -> context.getParent().getPipeline().addValve(new ProblemValve()));
    }

    private static final class ProblemValve extends ErrorReportValve {

        @Override
        protected void report(Request request, Response response, @Nullable Throwable failure) {
            int status = response.getStatus();
            if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
                return;
            }
            HttpStatus known = HttpStatus.resolve(status);
            String code = Problems.code(status);
            Map<String, Object> problem = Map.of("type", Problem.type(code), "title",
                    known == null ? "Error" : known.getReasonPhrase(), "status", status, "detail",
                    status < 500
                            ? "The request is not valid HTTP, or its path contains an encoded / or \\, which ids must not contain"
                            : "The request failed; the log says why",
                    "code", code);
            try {
                response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
                response.setCharacterEncoding("UTF-8");
                Writer writer = response.getReporter();
                if (writer != null) {
                    writer.write(Json.TOLERANT.writeValueAsString(problem));
                    response.finishResponse();
                }
            } catch (IOException e) {
                LOG.debug("The client is gone", e);
            }
        }
    }
}
