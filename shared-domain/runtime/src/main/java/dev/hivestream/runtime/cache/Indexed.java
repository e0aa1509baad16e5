package dev.hivestream.runtime.cache;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A place of a snapshot in one of its slot's sorted sets, by which it is found in order: by due time, by the time of its
 * last change.
 *
 * @param set name of the set
 * @param member unique within it
 * @param score by which it is ordered; null if it is not, or no longer, in the set
 */
public record Indexed(String set, String member, @Nullable Long score) {

    private record Place(String set, String member) {}

    /** What has to be written where the one is stored, so that the other is. */
    public static List<Indexed> changes(Collection<Indexed> stored, Collection<Indexed> wanted) {
        Map<Place, Indexed> before = new LinkedHashMap<>();
        for (Indexed one : stored) {
            if (one.score != null) {
                before.put(new Place(one.set, one.member), one);
            }
        }
        List<Indexed> changes = new ArrayList<>();
        for (Indexed one : wanted) {
            if (one.score != null && !one.equals(before.remove(new Place(one.set, one.member)))) {
                changes.add(one);
            }
        }
        before.values().forEach(one -> changes.add(new Indexed(one.set, one.member, null)));
        return changes;
    }
}
