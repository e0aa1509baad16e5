package dev.hivestream.runtime.cache;

import java.util.List;

/** The same, where all keys are locked together. */
class GuardTogetherTest extends GuardTest {

    @Override
    Guard.Held lock(Guard guard, List<String> keys) {
        return guard.lockTogether(keys);
    }
}
