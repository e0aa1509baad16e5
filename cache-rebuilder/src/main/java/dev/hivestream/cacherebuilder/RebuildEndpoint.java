package dev.hivestream.cacherebuilder;

import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

/** Progress through actuator: {@code GET /actuator/rebuild}. */
@Endpoint(id = "rebuild")
final class RebuildEndpoint {

    private final Progress progress;

    RebuildEndpoint(Progress progress) {
        this.progress = progress;
    }

    /** How far it is. */
    @ReadOperation
    public Progress.Now progress() {
        return progress.now();
    }
}
