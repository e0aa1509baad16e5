package dev.hivestream.cacherebuilder;

import dev.hivestream.runtime.message.Outgoing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where this code's sagas would not do what the histories say was done, and which instances it cannot go on with. Counts all
 * of them and keeps a bounded number. Not thread-safe.
 */
final class EffectDifferences {

    private static final int MESSAGES = 20;
    private static final int EFFECTS = 20;
    private static final int LONGEST_TEXT = 500;

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
    private long messages;
    private long broken;

    /** A message of the past has other effects with this code. */
    void add(String slot, String id, long offset, long version, String type, List<String> recorded, List<String> now) {
        messages++;
        Instance instance = instance(new Place(slot, id));
        instance.count++;
        if (instance.messages.size() < MESSAGES && instances.size() <= Verify.NAMED) {
            instance.messages.add(new Message(offset, version, type, without(recorded, now), without(now, recorded)));
        }
    }

    /** This code cannot go on with an instance. */
    void addBroken(String slot, String id, String reason) {
        Instance instance = instance(new Place(slot, id));
        if (instance.broken == null) {
            broken++;
            instance.broken = Outgoing.brief(reason, LONGEST_TEXT);
        }
    }

    void addAll(EffectDifferences others) {
        messages += others.messages;
        broken += others.broken;
        instances.putAll(others.instances);
    }

    void clear() {
        messages = 0;
        broken = 0;
        instances.clear();
    }

    boolean isEmpty() {
        return instances.isEmpty();
    }

    private Instance instance(Place place) {
        return instances.computeIfAbsent(place, _ -> new Instance());
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
        instances.entrySet().stream().limit(Verify.NAMED).forEach(entry -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("slot", entry.getKey().slot);
            one.put("id", entry.getKey().id);
            if (entry.getValue().broken != null) {
                one.put("broken", entry.getValue().broken);
            }
            one.put("count", entry.getValue().count);
            one.put("messages", entry.getValue().messages);
            named.add(one);
        });
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("effectDifferences", messages);
        json.put("brokenInstances", broken);
        json.put("differingInstances", instances.size());
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
                        .formatted(messages, instances.values().stream().filter(one -> one.count > 0).count(), broken));
        List<String> lines = new ArrayList<>();
        instances.forEach((place, instance) -> {
            if (lines.size() <= Verify.PRINTED) {
                lines(place, instance, lines);
            }
        });
        lines.stream().limit(Verify.PRINTED).forEach(line -> text.append(line).append('\n'));
        if (lines.size() > Verify.PRINTED) {
            text.append("and more; --json has those of %,d instances%n".formatted(Math.min(Verify.NAMED,
                    instances.size())));
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
