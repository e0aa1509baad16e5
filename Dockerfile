# syntax=docker/dockerfile:1
# One image for all apps, or for the one that APP names:  docker build -t hive . [--build-arg APP=saga-manager]
# A domain joins when it runs, as a mounted jar that AGGREGATE_LIB names, or in an image of your own:
#   FROM hive
#   COPY support.jar /domains/
# The bases are exact versions. A tag can be moved, a digest cannot: to build on exactly what you have checked,
#   docker build -t hive --build-arg JDK_IMAGE=eclipse-temurin@sha256:… --build-arg JRE_IMAGE=eclipse-temurin@sha256:… .
ARG JDK_IMAGE=eclipse-temurin:25.0.3_9-jdk-noble
ARG JRE_IMAGE=eclipse-temurin:25.0.3_9-jre-noble

FROM ${JDK_IMAGE} AS build
ARG APP=
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.m2 \
    ./mvnw -q -B -ntp -Dmaven.test.skip=true -Dformatter.skip package && \
    for app in ${APP:-command-processor cache-rebuilder saga-manager}; do \
        bin/image layers $app $app/target/$app-boot.jar /layers; \
    done && \
    cp shared-domain/samples/target/hive-samples-*-SNAPSHOT.jar /samples.jar

# The cache of loaded and linked classes is good for the JVM and the paths that it was made with.
FROM ${JRE_IMAGE} AS train
COPY bin/image /opt/hive/bin/image
COPY --from=build /layers/dependencies/ /opt/hive/
COPY --from=build /layers/application/ /opt/hive/
COPY --from=build /samples.jar /samples.jar
RUN for app in $(ls /opt/hive | grep -v '^bin$'); do /opt/hive/bin/image train $app /samples.jar; done && \
    mkdir /caches && cd /opt/hive && cp --parents */classes.aot /caches/

FROM ${JRE_IMAGE}
LABEL org.opencontainers.image.title="Hive Stream Processor" org.opencontainers.image.licenses="Apache-2.0"
COPY bin/image /opt/hive/bin/image
COPY --from=build /layers/dependencies/ /opt/hive/
COPY --from=build /layers/application/ /opt/hive/
COPY --from=train /caches/ /opt/hive/
# nothing is written but to /tmp: docker run --read-only --tmpfs /tmp
ENV PORT=3000 MANAGEMENT_SERVER_PORT=8081 LOADER_PATH=/domains
EXPOSE 3000 8081
USER 10001:10001
WORKDIR /tmp
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s CMD ["/opt/hive/bin/image", "ready"]
ENTRYPOINT ["/opt/hive/bin/image", "run"]
