package dev.hivestream.sagamanager;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What the saga-manager does beside reacting.
 *
 * @param look How often it looks for deadlines that are over: the most that one comes late while all is well.
 */
@ConfigurationProperties("hive.saga")
record SagaProperties(@DefaultValue("200ms") Duration look) {}
