package dev.hivestream.local.faults;

import dev.hivestream.local.Await;
import dev.hivestream.local.CacheKeys;
import dev.hivestream.local.Job;
import dev.hivestream.local.KafkaBroker;
import dev.hivestream.local.Partitioner;
import dev.hivestream.local.RedisServer;
import dev.hivestream.local.check.Committed;
import dev.hivestream.local.check.Fleet;
import dev.hivestream.local.faults.Stage.Node;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** Breaks a stage, and mends it. What it does to whom is decided by the random numbers that it is given. */
final class Breaker {

    private static final Duration STOP = Duration.ofSeconds(30);
    /** In which the time-out of a decision and two attempts at a batch fit. */
    private static final Duration STUCK = Duration.ofSeconds(20);
    private static final int SLOW_MILLIS = 300;
    private static final String GROUP = "command-processor";
    private static final String DAMAGE = "{}";

    private final Stage stage;
    private final List<String> accounts;
    private final Witness witness;
    private final Path directory;

    /** @param accounts that clients use */
    Breaker(Stage stage, List<String> accounts, Witness witness, Path directory) {
        this.stage = stage;
        this.accounts = accounts;
        this.witness = witness;
        this.directory = directory;
    }

    /** Something to be done that may be interrupted. */
    @FunctionalInterface
    interface Action {
        void run() throws InterruptedException;
    }

    /**
     * A fault that is about to be.
     *
     * @param what for people: the kind and its victim
     * @param millis how long it lasts
     */
    record Fault(Kind kind, String what, int millis, Action strike, Action heal) {}

    /** A fault of a kind, on a victim of its own choice. */
    Fault fault(Kind kind, Random random, boolean alone) {
        Node node = stage.nodes().get(random.nextInt(stage.nodes().size()));
        int number = random.nextInt(stage.kafka().brokers().size());
        KafkaBroker broker = stage.kafka().brokers().get(number);
        int shortly = 500 + random.nextInt(4_000);
        int longer = 8_000 + random.nextInt(8_000);
        RedisPair redis = stage.redis();
        return switch (kind) {
            case APP_KILL -> of(kind, node, shortly, node.app()::kill, node.app()::start);
            case APP_PAUSE -> of(kind, node, longer, node.app().process()::pause, node.app().process()::resume);
            case APP_STOP -> of(kind, node, shortly, () -> stop(node), node.app()::start);
            case APP_ROLLING -> of(kind, "all apps", 0, this::roll, () -> {});
            case APP_CLOCK -> clock(node, longer, random);
            case APP_SLOW -> slow(random, alone);
            case GROUP_DELETED -> of(kind, "", 0, this::deleteGroup, () -> stage.processors()
                    .forEach(each -> each.app().start()));
            case BROKER_KILL -> of(kind, number + 1, random.nextBoolean() ? shortly : longer, broker::kill,
                    () -> restart(broker));
            case BROKER_STOP -> of(kind, number + 1, 0, broker::stop, () -> restart(broker));
            case BROKER_PAUSE -> of(kind, number + 1, longer, broker.process()::pause, () -> restart(broker));
            case BROKER_DISK -> of(kind, number + 1, longer, () -> fileSize(broker, "1024"), () -> {
                if (broker.process().isAlive()) {
                    fileSize(broker, "unlimited");
                }
                restart(broker);
            });
            case REDIS_KILL -> of(kind, "", shortly, () -> redis.primary().kill(), redis::restore);
            case REDIS_EMPTY -> of(kind, "", shortly, () -> redis.primary().startEmpty(), redis::restore);
            case REDIS_OLD -> of(kind, "", shortly, () -> setBack(redis.primary(), shortly), redis::restore);
            case REDIS_FLUSH -> of(kind, "", shortly, () -> redis.primary().call("FLUSHALL"), redis::restore);
            case REDIS_FAILOVER -> of(kind, "", shortly, () -> {
                redis.lag();
                TimeUnit.MILLISECONDS.sleep(shortly);
                redis.failOver();
            }, redis::restore);
            case RESTORE_FAILOVER -> of(kind, "", shortly, () -> {
                int untilLag = random.nextInt(600);
                int untilFailover = random.nextInt(600);
                redis.primary().call("FLUSHALL");
                redis.awaitReplicated(CacheKeys.generations("account"));
                TimeUnit.MILLISECONDS.sleep(untilLag);
                redis.lag();
                TimeUnit.MILLISECONDS.sleep(untilFailover);
                redis.failOver();
            }, redis::restore);
            case CACHE_DAMAGE -> damage(accounts.get(random.nextInt(accounts.size())));
            case REDIS_FULL -> of(kind, "", shortly, () -> redis.primary().call("CONFIG", "SET", "maxmemory", "1mb"),
                    redis::restore);
            case REDIS_SLOW -> of(kind, "", longer, () -> stage.nodes()
                    .forEach(each -> each.redis().delay(Duration.ofMillis(50 + random.nextInt(400)))),
                    this::healLinks);
            case REDIS_PAUSE -> of(kind, "", longer / 2, () -> redis.primary().call("CLIENT", "PAUSE", "" + longer / 2),
                    () -> {});
            case NET_DELAY -> links(kind, node, longer, random,
                    link -> link.delay(Duration.ofMillis(20 + random.nextInt(300))));
            case NET_LOSS -> links(kind, node, longer, random, link -> link.lose(5 + random.nextInt(20)));
            case NET_RESET -> links(kind, node, 0, random, Link::reset);
            case NET_CUT -> {
                Link.Way way = random.nextBoolean() ? Link.Way.THERE : Link.Way.BACK;
                yield links(kind, node, longer, random, link -> link.cut(way));
            }
            case REBUILD -> of(kind, "", 0, () -> rebuild(alone), () -> {});
        };
    }

    private static Fault of(Kind kind, Object victim, int millis, Action strike, Action heal) {
        return new Fault(kind, (kind.option() + " " + victim).strip(), millis, strike, heal);
    }

    private void stop(Node node) {
        int code = node.app().stop(STOP);
        if (code != 143 && code != 0) {
            witness.surprised(node + " was stopped and ended with " + code);
        }
    }

    private void roll() {
        for (Node node : stage.nodes()) {
            stop(node);
            node.app().start();
            // something else may be broken, too
            Await.until(Fleet.PATIENCE, node.app()::isReady);
        }
    }

    private Fault clock(Node node, int millis, Random random) {
        // brokers take no record from more than an hour ahead
        long[] steps = {-30L * 86_400_000, -3_600_000, -5_000, 5_000, 3_000_000};
        long step = steps[random.nextInt(steps.length)];
        return of(Kind.APP_CLOCK, node + " by " + step / 1_000 + " s", millis,
                () -> AgentJar.attach(directory, node.app().process(), "clock=" + step), () -> {
                    if (node.app().process().isAlive()) {
                        AgentJar.attach(directory, node.app().process(), "clock=0");
                    }
                });
    }

    /** One command of an account of its own does not end; the others are decided all the same, some of them late. */
    private Fault slow(Random random, boolean alone) {
        String id = "stuck-" + random.nextInt(Integer.MAX_VALUE);
        return of(Kind.APP_SLOW, "and 'open' of " + id, 2_000, () -> {
            stage.processors().stream().filter(node -> node.app().process().isAlive())
                    .forEach(node -> AgentJar.attach(directory, node.app().process(), "decide=" + SLOW_MILLIS));
            witness.sends(id);
            witness.maySpoil(Feeder.openStuck(stage.kafka().bootstrapServers(), id));
        }, () -> {
            // alone, it takes a time-out or two; whatever else is broken has to be waited for
            Duration longest = alone ? STUCK : Fleet.PATIENCE;
            if (!Await.until(longest, () -> Committed.read(stage.kafka().bootstrapServers(), "account.results").stream()
                    .anyMatch(result -> id.equals(result.key())))) {
                witness.surprised("The command '" + id + "', which does not end, has no result within " + longest);
            }
            stage.processors().stream().filter(node -> node.app().process().isAlive())
                    .forEach(node -> AgentJar.attach(directory, node.app().process(), "decide=0"));
        });
    }

    /** What nobody has decided is read again from the beginning of the topics. */
    private void deleteGroup() {
        stage.processors().forEach(this::stop);
        witness.lostOffsets();
        try (var admin = Admin.create(Map.of("bootstrap.servers", stage.kafka().bootstrapServers()))) {
            if (!delete(admin, GROUP)) {
                witness.surprised("The group could not be deleted within " + Fleet.PATIENCE);
            }
        }
    }

    /** Deletes a group once it has no members, that is when the last session has ended; false if that takes too long. */
    static boolean delete(Admin admin, String group) {
        return Await.until(Fleet.PATIENCE, () -> isDone(admin.deleteConsumerGroups(List.of(group)).all()));
    }

    private static boolean isDone(Future<?> change) {
        try {
            change.get();
            return true;
        } catch (ExecutionException e) {
            return e.getCause() instanceof GroupIdNotFoundException;
        } catch (InterruptedException e) {
            throw Await.interrupted(e);
        }
    }

    /** Heals when nobody uses what is damaged any more: it was found, or written over. */
    private Fault damage(String account) {
        int partition = Partitioner.partition(account, Fleet.PARTITIONS);
        return of(Kind.CACHE_DAMAGE, "of account '" + account + "'", 0, () -> snapshots(account, partition)
                .forEach(key -> {
                    if (stage.redis().primary().call("SET", key, DAMAGE, "XX") != null) {
                        witness.damaged(key);
                    }
                }), () -> {
                    if (!Await.until(Fleet.PATIENCE, () -> snapshots(account, partition).stream()
                            .noneMatch(key -> DAMAGE.equals(stage.redis().primary().call("GET", key))))) {
                        witness.surprised("The snapshot of account '" + account + "' is damaged, and nobody found it");
                    }
                });
    }

    /** The keys in the generations that readers use. */
    private List<String> snapshots(String account, int partition) {
        return stage.redis().primary().call("HVALS", CacheKeys.active("account", partition)) instanceof List<?> names
                ? names.stream().map(name -> CacheKeys.snapshot("account", partition, String.valueOf(name), account))
                        .toList()
                : List.of();
    }

    private void restart(KafkaBroker broker) {
        broker.process().resume();
        if (!broker.process().isAlive()) {
            broker.start();
        }
        if (!stage.kafka().awaitInSync(Fleet.PATIENCE)) {
            witness.surprised("The brokers are not in sync again within " + Fleet.PATIENCE);
        }
    }

    /** A full disk: no file may grow beyond so many bytes, and what is written behind them fails. */
    private static void fileSize(KafkaBroker broker, String bytes) throws InterruptedException {
        try {
            int code = new ProcessBuilder("prlimit", "--pid", "" + broker.process().pid(),
                    "--fsize=" + bytes + ":unlimited").inheritIO().start().waitFor();
            if (code != 0) {
                throw new IllegalStateException("prlimit ended with " + code);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("prlimit (of util-linux) is needed to fill a disk", e);
        }
    }

    private void setBack(RedisServer redis, int millis) throws InterruptedException {
        Path file = directory.resolve("older.rdb");
        redis.snapshotTo(file);
        TimeUnit.MILLISECONDS.sleep(millis);
        redis.restoreFrom(file);
    }

    private void healLinks() {
        stage.allLinks().forEach(Link::heal);
    }

    private Fault links(Kind kind, Node node, int millis, Random random, Consumer<Link> how) {
        List<Link> hurt = new ArrayList<>();
        String whom;
        switch (random.nextInt(3)) {
            case 0 -> {
                int broker = random.nextInt(node.brokers().size());
                hurt.add(node.brokers().get(broker));
                whom = node + " to broker " + (broker + 1);
            }
            case 1 -> {
                hurt.addAll(node.brokers());
                whom = node + " to all brokers";
            }
            default -> {
                hurt.add(node.redis());
                whom = node + " to Redis";
            }
        }
        return of(kind, whom, millis, () -> hurt.forEach(how), () -> hurt.forEach(Link::heal));
    }

    private void rebuild(boolean alone) {
        Job job = stage.rebuilder("rebuild", "--activate", "--keep", "2", "--aggregates",
                String.join(",", Stage.AGGREGATES), "--sagas", String.join(",", Stage.SAGAS));
        if (job.code() != 0) {
            witness.count("rebuild: ended with " + job.code());
            if (alone) {
                witness.surprised("Nothing was broken, and the rebuild ended with " + job.code() + ": " + job.out());
            }
        }
    }
}
