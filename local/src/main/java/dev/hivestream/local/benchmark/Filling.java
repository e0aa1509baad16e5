package dev.hivestream.local.benchmark;

import dev.hivestream.local.Leaders;
import dev.hivestream.local.Partitioner;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Fills a topic with records of accounts, several partitions at once. */
final class Filling {

    private Filling() {}

    /** Makes the records of a partition. */
    interface Source {

        /**
         * Of one.
         *
         * @param accounts that live in it, by number
         * @param count of its records
         * @return gives the record of a number from 0; asked for in order
         */
        LongFunction<ProducerRecord<byte[], byte[]>> of(int partition, int[] accounts, long count);
    }

    /**
     * Writes everything.
     *
     * @param topic may have been created just now
     * @param count of all records: so many of them does a partition get as it has of the accounts
     */
    static void fill(String bootstrapServers, String topic, int count, int accounts, int partitions, Source source)
            throws ExecutionException, InterruptedException {
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            Leaders.await(admin, topic, partitions);
        }
        var byPartition = byPartition(accounts, partitions);
        // a writer has a partition to itself: the order in the log is the order in which it sends
        try (var threads = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            var writing = new ArrayList<Future<?>>();
            long before = 0;
            for (int partition = 0; partition < partitions; partition++) {
                int[] mine = byPartition.get(partition);
                // rounded such that the sum is right
                long share = count * (before + mine.length) / accounts - count * before / accounts;
                before += mine.length;
                writing.add(threads.submit(
                        new PartitionWriter(bootstrapServers, share, source.of(partition, mine, share))));
            }
            for (var partition : writing) {
                partition.get();
            }
        }
    }

    private static List<int[]> byPartition(int accounts, int partitions) {
        var builders = IntStream.range(0, partitions).mapToObj(_ -> IntStream.builder()).toList();
        for (int account = 0; account < accounts; account++) {
            builders.get(Partitioner.partition(AccountLog.id(account), partitions)).add(account);
        }
        return builders.stream().map(builder -> builder.build().toArray()).toList();
    }
}
