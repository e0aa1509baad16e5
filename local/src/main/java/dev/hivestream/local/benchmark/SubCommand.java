package dev.hivestream.local.benchmark;

/** One of the things that can be measured, with its options. A new one joins the list in {@link Benchmark}. */
interface SubCommand {

    /**
     * Measures and tells.
     *
     * @param bench where to start what is needed; it is closed afterwards
     * @throws Failure if something did not work, or worked and gave a wrong result
     */
    void run(Bench bench) throws Exception;
}
