package dev.hivestream.commandprocessor.http;

import dev.hivestream.runtime.message.Result;
import java.net.URI;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.ErrorResponseException;

/** An error answer, as RFC 9457 wants it; {@code code} is what clients branch on. */
final class Problem extends ErrorResponseException {

    private static final long serialVersionUID = 1L;

    Problem(HttpStatus status, String code, String detail) {
        super(status, detail(status, code, detail), null);
    }

    private static ProblemDetail detail(HttpStatus status, String code, String detail) {
        ProblemDetail problem = ProblemDetail.forStatusAndDetail(status, detail);
        problem.setType(type(code));
        problem.setProperty("code", code);
        return problem;
    }

    static URI type(String code) {
        return URI.create("urn:hive:problem:" + code);
    }

    /** It is an answer, and thrown from below a hundred filters. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }

    Problem about(Result result) {
        getBody().setProperty("commandId", result.commandId());
        if (result.version() != null) {
            getBody().setProperty("version", result.version());
        }
        return this;
    }
}
