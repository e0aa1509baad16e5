package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.message.Outgoing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where this code's sagas would not do what the histories say was done, and which instances it cannot go on with. Counts all
 * of them, and keeps {@link Verify#NAMED} instances and a bounded amount of text. Not thread-safe.
 */
final class EffectDifferences {

    private static final int MESSAGES = 20;
    private static final int EFFECTS = 20;
    private static final int LONGEST_TEXT = 500;
    /** In all messages that are kept, in characters. */
    private static final int TEXT = 4 * 1024 * 1024;

    private record Place(String slot, String id) {}

    /**
     * A message with other effects.
     *
     * @param offset in the history
     * @param version of the instance after it
     * @param recorded what was done and this code would not do
     * @param now what this code would do and was not done
     */
    record Message(long offset, long version, String type, List<String> recorded, List<String> now) {}

    private static final class Instance {
        private final List<Message> messages = new ArrayList<>();
        private long count;
        private @Nullable String broken;
    }

    private final Map<Place, Instance> instances = new LinkedHashMap<>();
    /** All that differ, and those of them with messages that do. */
    private final IdSet differing = new IdSet();
    private final IdSet otherwise = new IdSet();
    private long differingElsewhere;
    private long otherwiseElsewhere;
    private long messages;
    private long broken;
    private long text;

    /** A message of the past has other effects with this code. */
    void add(String slot, String id, long offset, long version, String type, List<String> recorded, List<String> now) {
        messages++;
        otherwise.add(id);
        Instance instance = instance(new Place(slot, id));
        if (instance == null) {
            return;
        }
        instance.count++;
        if (instance.messages.size() < MESSAGES && text < TEXT) {
            Message message = new Message(offset, version, type, without(recorded, now), without(now, recorded));
            instance.messages.add(message);
            text += length(message);
        }
    }

    /** This code cannot go on with an instance. Said once of each. */
    void addBroken(String slot, String id, String reason) {
        broken++;
        Instance instance = instance(new Place(slot, id));
        if (instance != null) {
            instance.broken = Outgoing.brief(reason, LONGEST_TEXT);
        }
    }

    /** Those of another slot. */
    void addAll(EffectDifferences others) {
        messages += others.messages;
        broken += others.broken;
        differingElsewhere += others.differing();
        otherwiseElsewhere += others.otherwise();
        others.instances.forEach((place, instance) -> {
            if (instances.size() < Verify.NAMED) {
                instance.messages.removeIf(message -> (text += length(message)) > TEXT);
                instances.put(place, instance);
            }
        });
    }

    void clear() {
        instances.clear();
        differing.clear();
        otherwise.clear();
        differingElsewhere = 0;
        otherwiseElsewhere = 0;
        messages = 0;
        broken = 0;
        text = 0;
    }

    boolean isEmpty() {
        return differing() == 0;
    }

    private long differing() {
        return differing.size() + differingElsewhere;
    }

    private long otherwise() {
        return otherwise.size() + otherwiseElsewhere;
    }

    /** Null if it is counted only. */
    private @Nullable Instance instance(Place place) {
        differing.add(place.id);
        Instance known = instances.get(place);
        if (known == null && instances.size() < Verify.NAMED) {
            known = new Instance();
            instances.put(place, known);
        }
        return known;
    }

    private static long length(Message message) {
        return Stream.concat(message.recorded.stream(), message.now.stream()).mapToLong(String::length).sum();
    }

    /** What is left without the others; all of it if the order alone differs. */
    private static List<String> without(List<String> effects, List<String> others) {
        List<String> left = new ArrayList<>(effects);
        others.forEach(left::remove);
        boolean sameSize = effects.size() == others.size();
        return (left.isEmpty() && sameSize ? effects : left).stream().limit(EFFECTS)
                .map(text -> Outgoing.brief(text, LONGEST_TEXT)).toList();
    }

    /** For programs. */
    Map<String, Object> json() {
        List<Map<String, Object>> named = new ArrayList<>();
        instances.forEach((place, instance) -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("slot", place.slot);
            one.put("id", place.id);
            if (instance.broken != null) {
                one.put("broken", instance.broken);
            }
            one.put("count", instance.count);
            one.put("messages", instance.messages);
            named.add(one);
        });
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("effectDifferences", messages);
        json.put("brokenInstances", broken);
        json.put("differingInstances", differing());
        json.put("instances", named);
        return json;
    }

    /** For people; empty if there are none. */
    String text() {
        if (isEmpty()) {
            return "";
        }
        StringBuilder text = new StringBuilder(
                """
                        %,d messages of %,d saga instances would have other effects with this code, and it cannot go on with %,d \
                        instances. What the history records stands: no command is sent again, withdrawn or replaced, and no \
                        deadline is changed.
                        """
                        .formatted(messages, otherwise(), broken));
        List<String> lines = new ArrayList<>();
        instances.forEach((place, instance) -> {
            if (lines.size() <= Verify.PRINTED) {
                lines(place, instance, lines);
            }
        });
        lines.stream().limit(Verify.PRINTED).forEach(line -> text.append(line).append('\n'));
        if (lines.size() > Verify.PRINTED) {
            text.append("and more; --json has those of %,d instances%n".formatted(instances.size()));
        }
        return text.toString();
    }

    private static void lines(Place place, Instance instance, List<String> lines) {
        String head = place.slot + " '" + place.id + "'";
        if (instance.broken != null) {
            lines.add(head + ": this code cannot go on with it. " + instance.broken);
        }
        for (Message message : instance.messages) {
            lines.add(head + ": version " + message.version + ", '" + message.type + "' at offset " + message.offset);
            message.recorded.forEach(effect -> lines.add("    recorded only: " + effect));
            message.now.forEach(effect -> lines.add("    this code only: " + effect));
        }
        if (instance.count > instance.messages.size()) {
            lines.add(head + ": and %,d more messages".formatted(instance.count - instance.messages.size()));
        }
    }
}
