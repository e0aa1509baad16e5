package dev.hivestream.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SagaDiagramTest {

    @Test
    void events_come_in_commands_go_out_and_deadlines_come_back() {
        assertThat(SagaDiagram.of(Reminder.type(new Reminder()))).isEqualTo("""
                flowchart LR
                    aggregate_order["order"]
                    saga(["reminder"])
                    aggregate_store_room["store-room"]
                    aggregate_order ==>|"placed"| saga
                    aggregate_order -->|"paid"| saga
                    saga -->|"pack"| aggregate_store_room
                    saga -->|"unpack"| aggregate_store_room
                    saga -.->|"payment"| saga
                    saga -.->|"patience"| saga
                """);
    }
}
