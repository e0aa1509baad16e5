package dev.hivestream.local.benchmark;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.SplittableRandom;

/** Requests for deposits to accounts at random, each with an amount of its own: 1, 2, 3 … Not thread-safe. */
final class Requests {

    private final int accounts;
    private final SplittableRandom random;
    private int deposits;

    Requests(int accounts, long seed) {
        this.accounts = accounts;
        this.random = new SplittableRandom(seed);
    }

    /** The next one. */
    byte[] deposit() {
        return ("POST /v1/account/" + AccountLog.id(random.nextInt(accounts))
                + "/deposit HTTP/1.1\r\nHost: localhost\r\n"
                + "Content-Type: application/json\r\nContent-Length: " + AccountRecords.PAYLOAD_BYTES + "\r\n\r\n"
                + AccountRecords.deposit(++deposits)).getBytes(US_ASCII);
    }

    /** A request whose answer costs the server nothing: which methods there are for a deposit, 200 and no body. */
    byte[] constant() {
        return "OPTIONS /v1/account/account-1/deposit HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII);
    }

    /** How many deposits were asked for. */
    int deposits() {
        return deposits;
    }
}
