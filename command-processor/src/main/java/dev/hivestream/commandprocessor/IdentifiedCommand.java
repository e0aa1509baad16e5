package dev.hivestream.commandprocessor;

import dev.hivestream.runtime.cache.Snapshot;
import dev.hivestream.runtime.message.CanonicalJson;
import dev.hivestream.runtime.message.CommandHash;
import dev.hivestream.runtime.message.CommandIdentity;
import dev.hivestream.runtime.message.CommandSource;
import dev.hivestream.runtime.message.Header;
import dev.hivestream.runtime.message.Incoming;
import dev.hivestream.runtime.message.Malformed;
import dev.hivestream.runtime.message.Outgoing;
import org.jspecify.annotations.Nullable;

/** A command with what identifies it to its aggregate: its source and id, and its type and body. Not thread-safe. */
final class IdentifiedCommand {

    private final Incoming command;
    private final String aggregateId;
    private final String commandId;
    private final String source;
    private final CommandHash hash;
    private @Nullable CommandIdentity ofBody;

    /** @param aggregateId its key */
    IdentifiedCommand(Incoming command, String aggregateId, String commandId) {
        this.command = command;
        this.aggregateId = aggregateId;
        this.commandId = commandId;
        String sent = command.header(Header.SOURCE);
        this.source = sent == null ? "" : sent;
        this.hash = CommandHash.of(CommandSource.isLegacyGateway(source) ? CommandSource.HTTP : source, commandId);
    }

    Incoming command() {
        return command;
    }

    /** The id of the aggregate. */
    String aggregateId() {
        return aggregateId;
    }

    /** The id that its sender gave it. */
    String commandId() {
        return commandId;
    }

    /** The hash of source and id, which distinguishes it from the commands of other senders. */
    CommandHash hash() {
        return hash;
    }

    /**
     * What its events remember of it.
     *
     * @throws Malformed if its body is not JSON
     */
    CommandIdentity identity() throws Malformed {
        return CommandSource.isLegacyGateway(source) ? legacyIdentity() : identityOfBody();
    }

    /** What its results say of it; null if its body is not JSON. */
    @Nullable
    CommandIdentity answered() {
        try {
            return identityOfBody();
        } catch (Malformed e) {
            return null;
        }
    }

    private CommandIdentity identityOfBody() throws Malformed {
        CommandIdentity known = ofBody;
        if (known == null) {
            byte[] body = command.payload();
            String type = command.header(Header.TYPE);
            known = CommandIdentity.of(hash, type == null ? "" : type,
                    CanonicalJson.of(body == null ? new byte[0] : body));
            ofBody = known;
        }
        return known;
    }

    private CommandIdentity legacyIdentity() {
        return CommandIdentity.legacy(Outgoing.utf8(commandId),
                !CommandSource.isLegacyGateway(source) && command.headers().get(Header.SAGA) instanceof byte[] saga
                        ? saga
                        : null);
    }

    /** Whether an aggregate has decided a command before. */
    sealed interface Recognition {

        /** It has not, as far as it remembers. */
        record New() implements Recognition {}

        /** It has, and these are the versions of its events. */
        record Repeated(Snapshot.Versions versions) implements Recognition {}

        /** Its sender used the id for another command. */
        record Reused() implements Recognition {}
    }

    /**
     * Looks the command up among those that its aggregate remembers. A copy of a saga's command is never treated as another
     * command: a rejection would make the saga compensate for a command that took effect. Events of format 1 contain the id of
     * their command and the saga instance that sent it, but neither source nor body.
     *
     * @throws Malformed if its body is not JSON, and has to be compared
     */
    Recognition recognize(Snapshot<?> snapshot) throws Malformed {
        Snapshot.Recalled recalled = snapshot.recall(hash);
        if (recalled != null) {
            return CommandSource.isSaga(source) || recalled.body() == identityOfBody().body()
                    ? new Recognition.Repeated(recalled.versions())
                    : new Recognition.Reused();
        }
        Snapshot.Versions versions = snapshot.recallLegacy(legacyIdentity());
        return versions == null ? new Recognition.New() : new Recognition.Repeated(versions);
    }
}
