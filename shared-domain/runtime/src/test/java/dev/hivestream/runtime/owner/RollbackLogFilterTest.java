package dev.hivestream.runtime.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.logging.LogFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.springframework.core.log.LogAccessor;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.transaction.support.SimpleTransactionStatus;
import org.springframework.transaction.support.TransactionTemplate;

class RollbackLogFilterTest {

    private final List<Runnable> undo = new ArrayList<>();
    private final RollbackLogFilter filter = RollbackLogFilter.install();

    @AfterEach
    void undo() {
        filter.close();
        undo.forEach(Runnable::run);
    }

    @Test
    void the_container_s_entries_about_what_the_listener_reports_are_not_written_and_others_are() {
        ListAppender<ILoggingEvent> log = logOf(KafkaMessageListenerContainer.class);
        LogAccessor container = new LogAccessor(LogFactory.getLog(KafkaMessageListenerContainer.class));
        Exception failure = new IllegalStateException("why");

        container.error(failure, "Transaction rolled back");
        container.error(failure, "Stopping container due to fencing");
        container.error(failure, "Stopping container due to an Error");

        assertThat(log.list).extracting(ILoggingEvent::getMessage)
                .containsExactly("Stopping container due to an Error");
    }

    @Test
    void a_rollback_that_fails_is_not_written_by_the_transaction_template() {
        ListAppender<ILoggingEvent> log = logOf(TransactionTemplate.class);
        TransactionTemplate template = new TransactionTemplate(new FailingRollback());

        assertThat(catchThrowable(() -> template.executeWithoutResult(status -> {
            throw new IllegalStateException("why");
        }))).isInstanceOf(TransactionSystemException.class);

        assertThat(log.list).isEmpty();
    }

    @Test
    void nothing_is_kept_out_at_level_debug_or_when_it_is_closed() {
        ListAppender<ILoggingEvent> log = logOf(KafkaMessageListenerContainer.class);
        LogAccessor container = new LogAccessor(LogFactory.getLog(KafkaMessageListenerContainer.class));

        ((Logger) LoggerFactory.getLogger(KafkaMessageListenerContainer.class)).setLevel(Level.DEBUG);
        container.error("Transaction rolled back");
        ((Logger) LoggerFactory.getLogger(KafkaMessageListenerContainer.class)).setLevel(Level.WARN);
        filter.close();
        container.error("Transaction rolled back");

        assertThat(log.list).hasSize(2);
    }

    private ListAppender<ILoggingEvent> logOf(Class<?> type) {
        Logger logger = (Logger) LoggerFactory.getLogger(type);
        Level before = logger.getLevel();
        ListAppender<ILoggingEvent> appender = new ListAppender<>();
        appender.start();
        logger.addAppender(appender);
        logger.setLevel(Level.WARN);
        logger.setAdditive(false);
        undo.add(() -> {
            logger.setAdditive(true);
            logger.detachAppender(appender);
            logger.setLevel(before);
        });
        return appender;
    }

    private static final class FailingRollback implements PlatformTransactionManager {

        @Override
        public TransactionStatus getTransaction(TransactionDefinition definition) {
            return new SimpleTransactionStatus();
        }

        @Override
        public void commit(TransactionStatus status) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void rollback(TransactionStatus status) {
            throw new TransactionSystemException("The broker does not answer");
        }
    }
}
