package dev.hivestream.commandprocessor.http;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * What the web server refuses while a handler is at work, such as a body that breaks off: it takes the answer out of the
 * handler's hands, and asks here for another.
 */
@RestController
final class BrokenRequests implements ErrorController {

    @RequestMapping("${spring.web.error.path:/error}")
    void refused(HttpServletRequest request) {
        HttpStatus status = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE) instanceof Integer code
                ? HttpStatus.resolve(code)
                : HttpStatus.NOT_FOUND;
        HttpStatus known = status == null ? HttpStatus.INTERNAL_SERVER_ERROR : status;
        throw new Problem(known, Problems.code(known.value()), switch (known) {
            case NOT_FOUND -> "There is nothing at this path";
            case BAD_REQUEST -> "The request broke off, or is not HTTP as it must be";
            default -> known.is4xxClientError()
                    ? "The request is not as it must be"
                    : "The request failed; the log says why";
        });
    }
}
