package dev.hivestream.local.benchmark;

/** Nothing was measured, or what was measured gave a wrong result; the message is for the person who asked. */
final class Failure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    Failure(String message) {
        super(message);
    }
}
