package dev.hivestream.local.check;

import dev.hivestream.local.LocalStack;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The system that is checked.
 *
 * @param stack broker and Redis
 * @param url of the command-processor, without a slash at the end
 * @param sagas of the saga-manager, likewise
 * @param reviewWithin how long the samples' saga {@code publication} waits for a decision
 * @param rebuilder the command line of the cache-rebuilder, without what it is to do
 * @param directory for what is run during the check
 */
public record Running(LocalStack stack, String url, String sagas, Duration reviewWithin,
        List<String> rebuilder, Path directory) {}
