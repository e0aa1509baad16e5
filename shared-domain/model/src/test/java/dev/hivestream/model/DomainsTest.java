package dev.hivestream.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DomainsTest {

    @TempDir
    Path jar;

    @Test
    void all_domains_of_a_class_loader_are_merged() throws Exception {
        assertThat(load(Shop.class.getName(), Bank.class.getName()).aggregates()).extracting(Aggregate::name)
                .containsExactly("account", "cart", "order");
    }

    @Test
    void no_domain_says_where_to_put_one() {
        assertThatThrownBy(this::load).isInstanceOf(IllegalStateException.class)
                .hasMessage("No domain found: put a jar that names an implementation in "
                        + "META-INF/services/dev.hivestream.model.Domain on the class path or in loader.path");
    }

    @Test
    void a_domain_that_cannot_be_loaded_is_named_with_what_is_wrong() {
        assertThatThrownBy(() -> load("com.example.Gone")).isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "A domain named in META-INF/services/dev.hivestream.model.Domain cannot be loaded: ")
                .hasMessageContaining("com.example.Gone").hasMessageNotContaining("\n");
        assertThatThrownBy(() -> load(Broken.class.getName())).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(Broken.class.getName())
                .hasMessageEndingWith(": The aggregate 'account' declares no command").hasMessageNotContaining("\n");
    }

    @Test
    void a_name_belongs_to_one_domain() {
        assertThatThrownBy(() -> Domains.of(List.of(new Bank(), new Rival())))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("The aggregate name 'account' is declared twice, by " + Bank.class.getName() + " and by "
                        + Rival.class.getName() + ": a name belongs to one aggregate, or one saga, of one domain");
        assertThatThrownBy(() -> Domains.of(List.of(new Twice())))
                .hasMessage("The aggregate name 'account' is declared twice, by " + Twice.class.getName()
                        + ": a name belongs to one aggregate, or one saga, of one domain");
    }

    @Test
    void aggregates_are_selected_by_name_each_once() {
        Domains domains = Domains.of(List.of(new Shop(), new Bank()));

        assertThat(domains.select(List.of("order", "account", "order"))).extracting(Aggregate::name)
                .containsExactly("order", "account");
    }

    @Test
    void an_unknown_name_is_answered_with_the_known_ones() {
        Domains domains = Domains.of(List.of(new Shop(), new Bank()));

        assertThatThrownBy(() -> domains.select(List.of("order", "acount")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Unknown aggregate 'acount'; known: account, cart, order");
    }

    @Test
    void a_saga_has_a_name_that_neither_an_aggregate_nor_another_saga_has() {
        String rule = ": a name belongs to one aggregate, or one saga, of one domain";

        assertThatThrownBy(() -> Domains.of(List.of(new Bank(), new Sagas("account"))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("The saga name 'account' is declared twice, by " + Bank.class.getName() + " and by "
                        + Sagas.class.getName() + rule);
        assertThatThrownBy(() -> Domains.of(List.of(new Sagas("account"), new Bank())))
                .hasMessage("The aggregate name 'account' is declared twice, by " + Sagas.class.getName() + " and by "
                        + Bank.class.getName() + rule);
        assertThatThrownBy(() -> Domains.of(List.of(new Sagas("transfer", "transfer"))))
                .hasMessage("The saga name 'transfer' is declared twice, by " + Sagas.class.getName() + rule);
    }

    @Test
    void sagas_are_merged_and_selected_by_name_each_once() {
        Domains domains = Domains.of(List.of(new Bank(), new Sagas("transfer"), new Sagas("refund", "audit")));

        assertThat(domains.sagas()).extracting(SagaType::name).containsExactly("audit", "refund", "transfer");
        assertThat(domains.selectSagas(List.of("transfer", "audit", "transfer"))).extracting(SagaType::name)
                .containsExactly("transfer", "audit");
        assertThat(domains.selectSagas(List.of())).isEmpty();
        assertThat(domains.aggregates()).extracting(Aggregate::name).containsExactly("account");
    }

    @Test
    void an_unknown_saga_is_answered_with_the_known_ones() {
        Domains domains = Domains.of(List.of(new Bank(), new Sagas("transfer", "audit")));

        assertThatThrownBy(() -> domains.selectSagas(List.of("account")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Unknown saga 'account'; known: audit, transfer");
    }

    private Domains load(String... implementations) throws IOException {
        Path services = Files.createDirectories(jar.resolve("META-INF/services"));
        Files.write(services.resolve(Domain.class.getName()), List.of(implementations));
        try (URLClassLoader loader = new URLClassLoader(new URL[]{jar.toUri().toURL()},
                Domain.class.getClassLoader())) {
            return Domains.load(loader);
        }
    }

    private static Aggregate<?, ?, ?> aggregate(String name) {
        return Aggregate.named(name, new Counter(), Integer.class).command("add", String.class)
                .event("added", String.class).build();
    }

    public static final class Shop implements Domain {
        @Override
        public List<Aggregate<?, ?, ?>> aggregates() {
            return List.of(aggregate("order"), aggregate("cart"));
        }
    }

    public static final class Bank implements Domain {
        @Override
        public List<Aggregate<?, ?, ?>> aggregates() {
            return List.of(aggregate("account"));
        }
    }

    public static final class Rival implements Domain {
        @Override
        public List<Aggregate<?, ?, ?>> aggregates() {
            return List.of(aggregate("account"));
        }
    }

    public static final class Twice implements Domain {
        @Override
        public List<Aggregate<?, ?, ?>> aggregates() {
            return List.of(aggregate("account"), aggregate("account"));
        }
    }

    private record Sagas(List<SagaType<?, ?, ?>> sagas) implements Domain {
        Sagas(String... names) {
            this(Stream.of(names).<SagaType<?, ?, ?>>map(Sagas::saga).toList());
        }

        @Override
        public List<Aggregate<?, ?, ?>> aggregates() {
            return List.of();
        }

        private static SagaType<?, ?, ?> saga(String name) {
            return SagaType.named(name, new Reminder(), Integer.class)
                    .reactsTo("order", true, new EventType<>("placed", Reminder.Placed.class, 1, List.of())).build();
        }
    }

    public static final class Broken implements Domain {
        static final Aggregate<?, ?, ?> ACCOUNT = Aggregate.named("account", new Counter(), Integer.class).build();

        @Override
        public List<Aggregate<?, ?, ?>> aggregates() {
            return List.of(ACCOUNT);
        }
    }
}
