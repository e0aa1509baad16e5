package dev.hivestream.runtime;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.aopalliance.intercept.MethodInterceptor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.cloud.stream.binding.InputBindingLifecycle;
import org.springframework.cloud.stream.binding.OutputBindingLifecycle;
import org.springframework.context.SmartLifecycle;
import org.springframework.util.ReflectionUtils;

/**
 * Lets the start go on without a broker. The binder asks for partitions while the application starts, for minutes where
 * nobody answers, and no probe is answered before the start is over; so without a broker the bindings start in the
 * background, in their order, as soon as {@link Preflight} has found the topics.
 */
final class PatientBindings implements BeanPostProcessor, DisposableBean {

    private static final Logger LOG = LoggerFactory.getLogger(PatientBindings.class);

    private final ObjectProvider<Preflight> preflight;
    private final ExecutorService background = Executors
            .newSingleThreadExecutor(Thread.ofVirtual().name("bindings").factory());
    private @Nullable CompletableFuture<Boolean> earlier;

    PatientBindings(ObjectProvider<Preflight> preflight) {
        this.preflight = preflight;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        if (!(bean instanceof OutputBindingLifecycle || bean instanceof InputBindingLifecycle)) {
            return bean;
        }
        SmartLifecycle bindings = (SmartLifecycle) bean;
        ProxyFactory patient = new ProxyFactory(bindings);
        patient.setProxyTargetClass(true);
        patient.addAdvice((MethodInterceptor) call -> {
            if (!call.getMethod().getName().equals("start") || start(bindings)) {
                return call.proceed();
            }
            return null;
        });
        Object proxy = patient.getProxy(bean.getClass().getClassLoader());
        // BindingsLifecycleController, and with it the actuator's endpoint, reads the lists of bindings from the fields
        ReflectionUtils.shallowCopyFieldState(bean, proxy);
        return proxy;
    }

    /** Whether they can start now; else they will. */
    private synchronized boolean start(SmartLifecycle bindings) {
        CompletableFuture<Boolean> before = earlier == null ? preflight.getObject().topics() : earlier;
        if (before.isDone()) {
            return true;
        }
        earlier = before.thenRunAsync(bindings::start, background).handle((started, failure) -> {
            if (failure != null) {
                LOG.error("The bindings could not be started", failure);
            }
            return failure == null;
        });
        return false;
    }

    @Override
    public void destroy() {
        background.shutdownNow();
    }
}
