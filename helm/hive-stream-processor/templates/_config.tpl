{{/* Properties that all apps have, as YAML. */}}
{{- define "hive.commonProperties" -}}
{{- $v := .Values -}}
{{- $p := dict
      "hive.partitions" (int $v.hive.partitions)
      "hive.topics.create" $v.hive.topics.create
      "hive.topics.replication-factor" (int $v.hive.topics.replicationFactor)
      "spring.kafka.bootstrap-servers" $v.kafka.bootstrapServers
      "spring.kafka.security.protocol" $v.kafka.securityProtocol -}}
{{- if hasPrefix "SASL" $v.kafka.securityProtocol -}}
{{- $_ := set $p "spring.kafka.properties.sasl.mechanism" $v.kafka.sasl.mechanism -}}
{{- end -}}
{{- $tls := $v.kafka.tls -}}
{{- if $tls.trust.existingSecret -}}
{{- $_ := set $p "spring.kafka.ssl.trust-store-type" $tls.type -}}
{{- $_ := set $p "spring.kafka.ssl.trust-store-location" (printf "file:/etc/hive/kafka-trust/%s" $tls.trust.key) -}}
{{- end -}}
{{- if $tls.client.existingSecret -}}
{{- $_ := set $p "spring.kafka.ssl.key-store-type" $tls.type -}}
{{- if eq $tls.type "PKCS12" -}}
{{- $_ := set $p "spring.kafka.ssl.key-store-location" (printf "file:/etc/hive/kafka-client/%s" $tls.client.storeKey) -}}
{{- end -}}
{{- end -}}

{{- $redis := $v.redis -}}
{{- if $redis.sentinel.nodes -}}
{{- $_ := set $p "spring.data.redis.sentinel.master" $redis.sentinel.master -}}
{{- $_ := set $p "spring.data.redis.sentinel.nodes" $redis.sentinel.nodes -}}
{{- else if $redis.cluster.nodes -}}
{{- $_ := set $p "spring.data.redis.cluster.nodes" $redis.cluster.nodes -}}
{{- /* a failover, or slots that moved, are noticed */ -}}
{{- else -}}
{{- $_ := set $p "spring.data.redis.host" (default "redis" $redis.standalone.host) -}}
{{- $_ := set $p "spring.data.redis.port" (int $redis.standalone.port) -}}
{{- end -}}
{{- if ne (int $redis.database) 0 -}}
{{- $_ := set $p "spring.data.redis.database" (int $redis.database) -}}
{{- end -}}
{{- if $redis.tls.caSecret -}}
{{- $_ := set $p "spring.ssl.bundle.pem.redis.truststore.certificate" (printf "file:/etc/hive/redis-ca/%s" $redis.tls.caKey) -}}
{{- $_ := set $p "spring.data.redis.ssl.bundle" "redis" -}}
{{- else if $redis.tls.enabled -}}
{{- $_ := set $p "spring.data.redis.ssl.enabled" true -}}
{{- end -}}

{{- if $v.observability.tracing.endpoint -}}
{{- $_ := set $p "management.opentelemetry.tracing.export.otlp.endpoint" $v.observability.tracing.endpoint -}}
{{- $_ := set $p "management.tracing.sampling.probability" $v.observability.tracing.sampling -}}
{{- end -}}
{{- if $v.observability.logging.format -}}
{{- $_ := set $p "logging.structured.format.console" $v.observability.logging.format -}}
{{- end -}}
{{- mustMergeOverwrite $p (deepCopy $v.properties) | toYaml -}}
{{- end -}}

{{/* Who may do what over HTTP, as YAML. */}}
{{- define "hive.securityProperties" -}}
{{- $s := .Values.security -}}
{{- $p := dict
      "hive.security.scopes.commands" $s.scopes.commands
      "hive.security.scopes.reads" $s.scopes.reads
      "hive.security.scopes.operations" $s.scopes.operations -}}
{{- $jwt := "spring.security.oauth2.resourceserver.jwt" -}}
{{- with $s.jwt.issuerUri -}}{{- $_ := set $p (printf "%s.issuer-uri" $jwt) . -}}{{- end -}}
{{- with $s.jwt.jwkSetUri -}}{{- $_ := set $p (printf "%s.jwk-set-uri" $jwt) . -}}{{- end -}}
{{- with $s.jwt.audiences -}}{{- $_ := set $p (printf "%s.audiences" $jwt) . -}}{{- end -}}
{{- if or $s.jwt.publicKey.configMap $s.jwt.publicKey.existingSecret -}}
{{- $_ := set $p (printf "%s.public-key-location" $jwt) (printf "file:/etc/hive/jwt/%s" $s.jwt.publicKey.key) -}}
{{- end -}}
{{- with $s.aggregates -}}{{- $_ := set $p "hive.security.aggregates" . -}}{{- end -}}
{{- toYaml $p -}}
{{- end -}}

{{/* application.yaml of one entry of hive.workloads. Takes root, workload. */}}
{{- define "hive.workloadConfig" -}}
{{- $v := .root.Values -}}
{{- $w := .workload -}}
{{- $p := dict -}}
{{- if eq $w.kind "commandProcessors" -}}
{{- $p = dict "spring.cloud.stream.bindings.input.group" $v.hive.groups.commandProcessor -}}
{{- with $w.entry.aggregates -}}{{- $_ := set $p "hive.aggregates" . -}}{{- end -}}
{{- else -}}
{{- $p = dict
      "spring.cloud.stream.bindings.inbox.group" $v.hive.groups.sagaManager
      "spring.cloud.stream.bindings.router.group" (default "saga-router" $w.entry.routerGroup) -}}
{{- with $w.entry.sagas -}}{{- $_ := set $p "hive.sagas" . -}}{{- end -}}
{{- end -}}
{{- mustMergeOverwrite $p (include "hive.securityProperties" .root | fromYaml)
      (include "hive.commonProperties" .root | fromYaml) (deepCopy $w.entry.properties) | toYaml -}}
{{- end -}}

{{/* application.yaml of the cache-rebuilder. */}}
{{- define "hive.rebuilderConfig" -}}
{{- $v := .Values -}}
{{- $p := dict "hive.rebuild.owners" $v.hive.groups.commandProcessor "hive.rebuild.saga-owners" $v.hive.groups.sagaManager -}}
{{- with $v.cacheRebuilder.aggregates -}}{{- $_ := set $p "hive.aggregates" . -}}{{- end -}}
{{- with $v.cacheRebuilder.sagas -}}{{- $_ := set $p "hive.sagas" . -}}{{- end -}}
{{- mustMergeOverwrite $p (include "hive.commonProperties" . | fromYaml) (deepCopy $v.cacheRebuilder.properties) | toYaml -}}
{{- end -}}

{{- define "hive.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end -}}

{{/* Environment of a container. Takes root, type (PROCESSOR_TYPE), javaOptions, env, where (the field of env). */}}
{{- define "hive.env" -}}
{{- $v := .root.Values -}}
{{- $env := list
      (dict "name" "PROCESSOR_TYPE" "value" .type)
      (dict "name" "HIVE_INSTANCE" "valueFrom" (dict "fieldRef" (dict "fieldPath" "metadata.name")))
      (dict "name" "MANAGEMENT_SERVER_PORT" "value" "8081")
      (dict "name" "SPRING_CONFIG_ADDITIONAL_LOCATION" "value" "file:/etc/hive/config/") -}}
{{- /* over the PORT that the image sets */ -}}
{{- with get (dict "producer" "8080" "stream_processor" "8082") .type -}}{{- $env = append $env (dict "name" "SERVER_PORT" "value" .) -}}{{- end -}}
{{- with .javaOptions -}}{{- $env = append $env (dict "name" "JAVA_TOOL_OPTIONS" "value" .) -}}{{- end -}}
{{- if $v.domain.path -}}
{{- $env = append $env (dict "name" "LOADER_PATH" "value" $v.domain.path) -}}
{{- else if or $v.domain.image.repository $v.domain.volume.claim $v.domain.volume.configMap -}}
{{- $env = append $env (dict "name" "LOADER_PATH" "value" "/domain") -}}
{{- end -}}
{{- $secrets := list -}}
{{- if hasPrefix "SASL" $v.kafka.securityProtocol -}}
{{- $sasl := $v.kafka.sasl -}}
{{- if $sasl.jaasKey -}}
{{- $secrets = append $secrets (list "SPRING_KAFKA_PROPERTIES_SASL_JAAS_CONFIG" $sasl.existingSecret $sasl.jaasKey) -}}
{{- else -}}
{{- $secrets = append $secrets (list "KAFKA_USERNAME" $sasl.existingSecret $sasl.usernameKey) -}}
{{- $secrets = append $secrets (list "KAFKA_PASSWORD" $sasl.existingSecret $sasl.passwordKey) -}}
{{- end -}}
{{- end -}}
{{- $tls := $v.kafka.tls -}}
{{- if $tls.client.existingSecret -}}
{{- if eq $tls.type "PEM" -}}
{{- $secrets = append $secrets (list "SPRING_KAFKA_SSL_KEYSTORECERTIFICATECHAIN" $tls.client.existingSecret $tls.client.certificateKey) -}}
{{- $secrets = append $secrets (list "SPRING_KAFKA_SSL_KEYSTOREKEY" $tls.client.existingSecret $tls.client.privateKeyKey) -}}
{{- else -}}
{{- $secrets = append $secrets (list "SPRING_KAFKA_SSL_KEYSTOREPASSWORD" $tls.client.existingSecret $tls.client.passwordKey) -}}
{{- end -}}
{{- end -}}
{{- if and $tls.trust.existingSecret (eq $tls.type "PKCS12") -}}
{{- $secrets = append $secrets (list "SPRING_KAFKA_SSL_TRUSTSTOREPASSWORD" $tls.trust.existingSecret $tls.trust.passwordKey) -}}
{{- end -}}
{{- range $prefix, $auth := dict "SPRING_DATA_REDIS" $v.redis.auth "SPRING_DATA_REDIS_SENTINEL" (ternary $v.redis.sentinel.auth dict (not (empty $v.redis.sentinel.nodes))) -}}
{{- if $auth.existingSecret -}}
{{- with $auth.usernameKey -}}{{- $secrets = append $secrets (list (printf "%s_USERNAME" $prefix) $auth.existingSecret .) -}}{{- end -}}
{{- $secrets = append $secrets (list (printf "%s_PASSWORD" $prefix) $auth.existingSecret $auth.passwordKey) -}}
{{- end -}}
{{- end -}}
{{- range $secrets -}}
{{- $env = append $env (dict "name" (index . 0) "valueFrom" (dict "secretKeyRef" (dict "name" (index . 1) "key" (index . 2)))) -}}
{{- end -}}
{{- if and (hasPrefix "SASL" $v.kafka.securityProtocol) (not $v.kafka.sasl.jaasKey) -}}
{{- $module := ternary "plain.PlainLoginModule" "scram.ScramLoginModule" (eq $v.kafka.sasl.mechanism "PLAIN") -}}
{{- /* Kubernetes fills in the two variables before it: the password stands in no manifest */ -}}
{{- $env = append $env (dict "name" "SPRING_KAFKA_PROPERTIES_SASL_JAAS_CONFIG" "value"
      (printf "org.apache.kafka.common.security.%s required username=\"$(KAFKA_USERNAME)\" password=\"$(KAFKA_PASSWORD)\";" $module)) -}}
{{- end -}}
{{- $names := list -}}
{{- range $env -}}{{- $names = append $names .name -}}{{- end -}}
{{- range $from, $more := dict "env" $v.env .where .env -}}
{{- range $more -}}
{{- if has .name $names -}}
{{- fail (printf "%s: %s is set already, by the chart or by another list" $from .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- $env = append $env . -}}
{{- end -}}
{{- end -}}
{{- toYaml $env -}}
{{- end -}}
