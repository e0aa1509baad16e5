package dev.hivestream.cacherebuilder;

import dev.hivestream.cacherebuilder.CommandLine.Misunderstood;
import dev.hivestream.cacherebuilder.RebuilderProperties.Command;
import dev.hivestream.runtime.StartRefused;
import dev.hivestream.runtime.letter.Refused;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the command of the command line and reports its outcome. */
final class Job {

    private static final Logger LOG = LoggerFactory.getLogger(Job.class);

    private static final String STOPPED = "Stopped; the next run resumes from here";

    private final Rebuild rebuild;
    private final Verify verify;
    private final Show show;
    private final GenerationList list;
    private final LetterDesk letters;
    private final Progress progress;
    private final Stopping stopping;
    private final Console console;
    private final RebuilderProperties properties;

    Job(Rebuild rebuild, Verify verify, Show show, GenerationList list, LetterDesk letters, Progress progress,
            Stopping stopping, Console console, RebuilderProperties properties) {
        this.rebuild = rebuild;
        this.verify = verify;
        this.show = show;
        this.list = list;
        this.letters = letters;
        this.progress = progress;
        this.stopping = stopping;
        this.console = console;
        this.properties = properties;
    }

    /** Gives the exit code. */
    int run() {
        stopping.begun();
        try {
            return work();
        } finally {
            stopping.finished();
        }
    }

    private int work() {
        Outcome outcome;
        try (var report = new ProgressReport(progress, console, properties.report(),
                System.console() != null && System.console().isTerminal())) {
            if (properties.dryRun() && properties.command() != Command.REMOVE_OLD_FORMAT) {
                throw new StartRefused(
                        "--dry-run is an option of remove-old-format. To replay the log without writing: dry-run");
            }
            outcome = switch (properties.command()) {
                case REBUILD, ACTIVATE -> rebuild.run();
                case VERIFY -> verify.verify();
                case DRY_RUN -> verify.dryRun();
                case SHOW -> show.run();
                case GENERATIONS -> list.list();
                case REMOVE -> list.remove();
                case REMOVE_OLD_FORMAT -> list.removeOldFormat();
                case LETTERS, LETTER, RESEND, DISCARD -> letters.run();
            };
        } catch (StartRefused e) {
            return failed(Outcome.FAILED, e.line());
        } catch (Misunderstood e) {
            return failed(Outcome.MISUNDERSTOOD, String.valueOf(e.getMessage()));
        } catch (Refused e) {
            return failed(e.why() == Refused.Why.WRONG ? Outcome.MISUNDERSTOOD : Outcome.FAILED,
                    String.valueOf(e.getMessage()));
        } catch (PoisonEvent e) {
            return failed(Outcome.POISONED, String.valueOf(e.getMessage()));
        } catch (CancellationException e) {
            LOG.info(STOPPED);
            if (properties.json()) {
                console.failedJson(properties.command().wire(), Outcome.FAILED, STOPPED);
            }
            return Outcome.FAILED;
        } catch (RuntimeException | Error e) {
            LOG.error("Failed", e);
            return failed(Outcome.FAILED, e.getMessage() == null ? e.toString() : e.getMessage());
        }
        if (properties.json()) {
            console.json(outcome.json());
        } else {
            console.out().print(outcome.text());
            console.out().flush();
        }
        return outcome.code();
    }

    private int failed(int code, String why) {
        console.failed(properties.json(), properties.command().wire(), code, why);
        return code;
    }
}
