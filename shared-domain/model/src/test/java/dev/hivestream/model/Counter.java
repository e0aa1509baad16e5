package dev.hivestream.model;

/** Counts what it was told; refuses to be mumbled at. */
public class Counter implements Decider<String, Integer, String> {

    @Override
    public Integer initialState() {
        return 0;
    }

    @Override
    public Decision<String> decide(String command, Integer state) {
        return switch (command) {
            case "mumble" -> Decision.reject("unclear", "Speak up");
            case "idle" -> Decision.accept();
            default -> Decision.accept(command);
        };
    }

    @Override
    public Integer evolve(Integer state, String event) {
        return state + 1;
    }
}
