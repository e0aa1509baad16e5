package dev.hivestream.samples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hivestream.model.Aggregate;
import dev.hivestream.model.CommandType;
import dev.hivestream.model.Domains;
import dev.hivestream.model.EventType;
import dev.hivestream.samples.account.AccountCommand;
import dev.hivestream.samples.account.AccountEvent;
import dev.hivestream.samples.content.ContentCommand;
import dev.hivestream.samples.content.ContentEvent;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SampleDomainTest {

    @Test
    void the_service_loader_finds_the_samples() {
        assertThat(Domains.load(SampleDomain.class.getClassLoader()).aggregates()).extracting(Aggregate::name)
                .containsExactly("account", "content");
    }

    @Test
    void wire_names_stay_what_they_are() {
        assertThat(SampleDomain.CONTENT.commands()).containsOnlyKeys("create", "edit", "enable", "disable");
        assertThat(SampleDomain.CONTENT.events()).containsOnlyKeys("created", "edited", "enabled", "disabled");
        assertThat(SampleDomain.ACCOUNT.commands()).containsOnlyKeys("open", "deposit", "withdraw", "close");
        assertThat(SampleDomain.ACCOUNT.events()).containsOnlyKeys("opened", "deposited", "withdrawn", "closed");
    }

    @Test
    void every_command_and_event_has_a_wire_name() {
        assertNamed(SampleDomain.CONTENT, ContentCommand.class, ContentEvent.class);
        assertNamed(SampleDomain.ACCOUNT, AccountCommand.class, AccountEvent.class);
    }

    @Test
    void content_created_of_version_1_is_read_as_version_2() {
        assertThat(SampleDomain.CONTENT.events()).hasEntrySatisfying("created", created -> {
            assertThat(created.version()).isEqualTo(2);
            assertThat(created.upcasters().getFirst().upcast(new LinkedHashMap<>(Map.of("body", "Hello"))))
                    .isEqualTo(Map.of("text", "Hello", "enabled", false));
        });
    }

    private static <C, E> void assertNamed(Aggregate<C, ?, E> aggregate, Class<C> commands, Class<E> events) {
        assertThat(aggregate.commands().values()).<Class<?>>extracting(CommandType::type)
                .containsExactlyInAnyOrder(commands.getPermittedSubclasses());
        assertThat(aggregate.events().values()).<Class<?>>extracting(EventType::type)
                .containsExactlyInAnyOrder(events.getPermittedSubclasses());
    }
}
