package dev.hivestream.commandprocessor;

import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.owner.Attempt;
import dev.hivestream.runtime.owner.OwnedPartition;
import java.util.List;
import java.util.function.Function;
import org.springframework.messaging.Message;

/**
 * The command-processor's function: a batch of commands in; events, results, forwarded commands and dead letters out, in
 * one transaction with the consumer's offsets. What follows the commit (write-back, release) is in {@link Attempt}.
 *
 * <p>It throws for infrastructure only: the batch is rolled back and comes again, from the stable committed offset, until
 * it succeeds. One record's fault never throws.
 */
final class ProcessCommands implements Function<Message<List<byte[]>>, List<Message<byte[]>>> {

    private final Attempt.Parts with;
    private final Function<OwnedPartition, Attempt.Part> parts;

    ProcessCommands(Attempt.Parts with, Function<OwnedPartition, Attempt.Part> parts) {
        this.with = with;
        this.parts = parts;
    }

    @Override
    public List<Message<byte[]>> apply(Message<List<byte[]>> batch) {
        Attempt attempt = Attempt.join(with, Incoming.of(batch), parts);
        attempt.guard();
        attempt.load();
        return attempt.decide();
    }
}
