package dev.hivestream.model;

/**
 * A command by its stable wire name.
 *
 * @param name unique within the aggregate; the last part of the wire name {@code <aggregate>.<name>} and of the HTTP path
 * @param type the class that it is read into
 */
public record CommandType<C>(String name, Class<? extends C> type) {

    public CommandType {
        Names.require("command", name);
    }
}
