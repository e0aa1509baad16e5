{{/* What the apps must reach. */}}
{{- define "hive.egress" -}}
{{- $v := .Values -}}
{{- $policy := $v.networkPolicy -}}
{{- $kafka := list -}}
{{- range splitList "," $v.kafka.bootstrapServers -}}{{- $kafka = append $kafka (include "hive.port" .) -}}{{- end -}}
{{- if $policy.kafka.ports -}}{{- $kafka = $policy.kafka.ports -}}{{- end -}}
{{- $redis := list -}}
{{- if $policy.redis.ports -}}
{{- $redis = $policy.redis.ports -}}
{{- else if $v.redis.sentinel.nodes -}}
{{- $redis = append $redis "6379" -}}
{{- range $v.redis.sentinel.nodes -}}{{- $redis = append $redis (include "hive.port" .) -}}{{- end -}}
{{- else if $v.redis.cluster.nodes -}}
{{- range $v.redis.cluster.nodes -}}{{- $redis = append $redis (include "hive.port" .) -}}{{- end -}}
{{- else -}}
{{- $redis = append $redis (toString (int $v.redis.standalone.port)) -}}
{{- end -}}
# DNS
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
# Kafka
- ports:
    {{- range uniq $kafka }}
    - port: {{ int . }}
      protocol: TCP
    {{- end }}
  {{- with $policy.kafka.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
# Redis
- ports:
    {{- range uniq $redis }}
    - port: {{ int . }}
      protocol: TCP
    {{- end }}
  {{- with $policy.redis.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- $urls := list -}}
{{- range list $v.security.jwt.issuerUri $v.security.jwt.jwkSetUri $v.observability.tracing.endpoint -}}
{{- if . -}}{{- $urls = append $urls (include "hive.urlPort" .) -}}{{- end -}}
{{- end }}
{{- if $urls }}
# the issuer, and where traces go
- ports:
    {{- range uniq $urls }}
    - port: {{ int . }}
      protocol: TCP
    {{- end }}
{{- end }}
{{- with $policy.egress }}
{{ toYaml . }}
{{- end }}
{{- end -}}
