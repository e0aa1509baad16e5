package dev.hivestream.commandprocessor.http;

import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** When the application is told to stop, its requests are answered while commands are still decided. */
@Component
final class Drain {

    private final Gateway gateway;

    Drain(Gateway gateway) {
        this.gateway = gateway;
    }

    @EventListener
    void closing(ContextClosedEvent event) {
        gateway.drain();
    }
}
