package dev.hivestream.local.check;

/** Something that has to hold of the running system. A new one joins the list in {@code Quickstart}. */
public interface Check {

    /** What is checked, as a heading. */
    String name();

    /**
     * Checks it, leaving a line for everything that it looked at.
     *
     * @throws Exception if it could not be checked, which counts as failed
     */
    void run(Running running, Findings findings) throws Exception;
}
