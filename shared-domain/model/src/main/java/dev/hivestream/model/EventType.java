package dev.hivestream.model;

import java.util.List;

/**
 * An event by its stable wire name, with the version of its payload.
 *
 * @param name unique within the aggregate; the last part of the wire name {@code <aggregate>.<name>}
 * @param type the class that the newest version is read into
 * @param version of the payload that is written now, from 1
 * @param upcasters from version 1 to 2, from 2 to 3, …: {@code version - 1} of them
 */
public record EventType<E>(String name, Class<? extends E> type, int version, List<Upcaster> upcasters) {

    public EventType {
        Names.require("event", name);
        upcasters = List.copyOf(upcasters);
        if (version < 1 || upcasters.size() != version - 1) {
            throw new IllegalArgumentException("Event '" + name + "' of version " + version + " needs "
                    + Math.max(0, version - 1) + " upcasters, one from each older version; it has " + upcasters.size());
        }
    }
}
