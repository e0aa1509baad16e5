package dev.hivestream.runtime.cache;

import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** The same with a further key, so that there are always several. */
class GuardTogetherTest extends GuardTest {

    @Override
    List<String> all(List<String> keys) {
        return Stream.concat(keys.stream(), Stream.of("more-" + UUID.randomUUID())).toList();
    }
}
