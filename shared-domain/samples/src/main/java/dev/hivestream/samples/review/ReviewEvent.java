package dev.hivestream.samples.review;

/** What can happen to a review. */
public sealed interface ReviewEvent {

    /** Somebody is to look at it. */
    record ReviewRequested() implements ReviewEvent {}

    /** Somebody said yes. */
    record ReviewApproved(String by) implements ReviewEvent {}

    /** Somebody said no. */
    record ReviewRefused(String by, String reason) implements ReviewEvent {}
}
