{{/* What the schema cannot see. Each message begins with the field. */}}
{{- define "hive.check" -}}
{{- $v := .Values -}}
{{- $partitions := int $v.hive.partitions -}}
{{- $workloads := (include "hive.workloads" . | fromYaml).workloads -}}
{{- $names := list -}}
{{- $aggregates := list -}}
{{- $sagas := list -}}
{{- $count := dict "commandProcessors" 0 "sagaManagers" 0 -}}
{{- range $w := $workloads -}}{{- $_ := set $count $w.kind (add1 (index $count $w.kind)) -}}{{- end -}}
{{- range $w := $workloads -}}
{{- if has $w.name $names -}}
{{- fail (printf "%s.name: another entry has the name %s. Give each command-processor and saga-manager its own" $w.where $w.name) -}}
{{- end -}}
{{- $names = append $names $w.name -}}
{{- $scaling := $w.entry.autoscaling -}}
{{- if and $scaling.hpa.enabled $scaling.keda.enabled -}}
{{- fail (printf "%s.autoscaling: hpa and keda would undo each other's work. Enable one" $w.where) -}}
{{- end -}}
{{- range $how := list "hpa" "keda" -}}
{{- with index $scaling $how -}}
{{- if .enabled -}}
{{- if gt (int .maxReplicas) $partitions -}}
{{- fail (printf "%s.autoscaling.%s.maxReplicas is %d and hive.partitions is %d: pods beyond the partitions are idle" $w.where $how (int .maxReplicas) $partitions) -}}
{{- end -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- fail (printf "%s.autoscaling.%s.minReplicas is %d, more than maxReplicas, %d" $w.where $how (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (not $scaling.hpa.enabled) (not $scaling.keda.enabled) (gt (int $w.entry.replicas) $partitions) -}}
{{- fail (printf "%s.replicas is %d and hive.partitions is %d: pods beyond the partitions are idle" $w.where (int $w.entry.replicas) $partitions) -}}
{{- end -}}
{{- if eq $w.kind "commandProcessors" -}}
{{- if and (not $w.entry.aggregates) (gt (int $count.commandProcessors) 1) -}}
{{- fail (printf "%s.aggregates is empty, which means all, and other entries run some of them. Name its aggregates" $w.where) -}}
{{- end -}}
{{- range $w.entry.aggregates -}}
{{- if has . $aggregates -}}{{- fail (printf "%s.aggregates: %s is run by another entry too" $w.where .) -}}{{- end -}}
{{- $aggregates = append $aggregates . -}}
{{- end -}}
{{- else -}}
{{- if and (not $w.entry.sagas) (gt (int $count.sagaManagers) 1) -}}
{{- fail (printf "%s.sagas is empty, which means all, and other entries run some of them. Name its sagas" $w.where) -}}
{{- end -}}
{{- range $w.entry.sagas -}}
{{- if has . $sagas -}}{{- fail (printf "%s.sagas: %s is run by another entry too" $w.where .) -}}{{- end -}}
{{- $sagas = append $sagas . -}}
{{- end -}}
{{- end -}}
{{- if and $scaling.keda.enabled (not $scaling.keda.authenticationRef) -}}
{{- if and (hasPrefix "SASL" $v.kafka.securityProtocol) (or $v.kafka.sasl.jaasKey (not (has $v.kafka.sasl.mechanism (list "PLAIN" "SCRAM-SHA-256" "SCRAM-SHA-512")))) -}}
{{- fail (printf "%s.autoscaling.keda.authenticationRef: KEDA cannot use kafka.sasl as it is. Name a TriggerAuthentication" $w.where) -}}
{{- end -}}
{{- if and (has $v.kafka.securityProtocol (list "SSL" "SASL_SSL")) (eq $v.kafka.tls.type "PKCS12") -}}
{{- fail (printf "%s.autoscaling.keda.authenticationRef: KEDA reads no PKCS12. Name a TriggerAuthentication" $w.where) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- $domains := list -}}
{{- if $v.domain.path -}}{{- $domains = append $domains "path" -}}{{- end -}}
{{- if $v.domain.image.repository -}}{{- $domains = append $domains "image" -}}{{- end -}}
{{- if $v.domain.volume.claim -}}{{- $domains = append $domains "volume.claim" -}}{{- end -}}
{{- if $v.domain.volume.configMap -}}{{- $domains = append $domains "volume.configMap" -}}{{- end -}}
{{- if gt (len $domains) 1 -}}
{{- fail (printf "domain: %s are set; the domain comes from one of them" (join " and " $domains)) -}}
{{- end -}}

{{- $kafka := $v.kafka -}}
{{- if hasPrefix "SASL" $kafka.securityProtocol -}}
{{- if not $kafka.sasl.existingSecret -}}
{{- fail (printf "kafka.sasl.existingSecret is empty and kafka.securityProtocol is %s: name the Secret with the user" $kafka.securityProtocol) -}}
{{- end -}}
{{- if and (not $kafka.sasl.jaasKey) (not (has $kafka.sasl.mechanism (list "PLAIN" "SCRAM-SHA-256" "SCRAM-SHA-512"))) -}}
{{- fail (printf "kafka.sasl.jaasKey is empty and kafka.sasl.mechanism is %s: only for PLAIN and SCRAM the chart knows what to write" $kafka.sasl.mechanism) -}}
{{- end -}}
{{- end -}}
{{- if has $kafka.securityProtocol (list "SSL" "SASL_SSL") -}}
{{- if eq $kafka.tls.type "PKCS12" -}}
{{- range $part := list "trust" "client" -}}
{{- with index $kafka.tls $part -}}
{{- if and .existingSecret (not .passwordKey) -}}
{{- fail (printf "kafka.tls.%s.passwordKey is empty: a PKCS12 store has a password" $part) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- else if or $kafka.tls.trust.existingSecret $kafka.tls.client.existingSecret -}}
{{- fail (printf "kafka.tls has Secrets and kafka.securityProtocol is %s: set SSL or SASL_SSL" $kafka.securityProtocol) -}}
{{- end -}}

{{- if and $v.redis.tls.caSecret (not $v.redis.tls.enabled) -}}
{{- fail "redis.tls.caSecret is set and redis.tls.enabled is false" -}}
{{- end -}}
{{- if and $v.redis.cluster.nodes (ne (int $v.redis.database) 0) -}}
{{- fail (printf "redis.database is %d: a Redis Cluster has only 0" (int $v.redis.database)) -}}
{{- end -}}
{{- if and $v.redis.sentinel.nodes (not $v.redis.sentinel.master) -}}
{{- fail "redis.sentinel.master is empty: name the master that redis.sentinel.nodes watch" -}}
{{- end -}}
{{- if and $v.redis.sentinel.master (not $v.redis.sentinel.nodes) -}}
{{- fail "redis.sentinel.nodes is empty: name the sentinels, host:port" -}}
{{- end -}}

{{- $jwt := $v.security.jwt -}}
{{- if and $jwt.publicKey.configMap $jwt.publicKey.existingSecret -}}
{{- fail "security.jwt.publicKey: configMap and existingSecret are set; the key is in one of them" -}}
{{- end -}}
{{- if and (or $jwt.publicKey.configMap $jwt.publicKey.existingSecret) (or $jwt.issuerUri $jwt.jwkSetUri) -}}
{{- fail "security.jwt.publicKey is set beside issuerUri or jwkSetUri, and would not be looked at" -}}
{{- end -}}
{{- if and $jwt.audiences (not (or $jwt.issuerUri $jwt.jwkSetUri $jwt.publicKey.configMap $jwt.publicKey.existingSecret)) -}}
{{- fail "security.jwt.audiences is set, but no token is wanted: set issuerUri, jwkSetUri or publicKey" -}}
{{- end -}}
{{- if and $v.test.command.aggregate (not $v.test.command.name) -}}
{{- fail "test.command.name is empty: name the command that helm test sends" -}}
{{- end -}}
{{- if and $v.test.command.aggregate (or (eq (int $count.commandProcessors) 0) (and $aggregates (not (has $v.test.command.aggregate $aggregates)))) -}}
{{- fail (printf "test.command.aggregate is %s, which no entry of commandProcessors runs" $v.test.command.aggregate) -}}
{{- end -}}
{{- end -}}
