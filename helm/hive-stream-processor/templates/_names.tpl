{{/* Start of all names, at most 30 characters: with an entry's name behind it, a StatefulSet's pods still get a valid label. */}}
{{- define "hive.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := .Values.fullnameOverride -}}
{{- if not $full -}}
{{- $full = ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- end -}}
{{- if gt (len $full) 30 -}}
{{- /* cut, and told apart from others that begin alike */ -}}
{{- $full = printf "%s-%s" ($full | trunc 23 | trimSuffix "-") ($full | sha256sum | trunc 6) -}}
{{- end -}}
{{- $full -}}
{{- end -}}

{{- define "hive.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "hive.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What tells the release's pods from others. */}}
{{- define "hive.releaseLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "hive.labels" -}}
{{ include "hive.releaseLabels" . }}
app.kubernetes.io/version: {{ default .Chart.AppVersion .Values.image.tag | trunc 63 | trimAll "-_." | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 }}
{{- end -}}

{{/* What tells the pods of one entry from others. Takes root, component, name. */}}
{{- define "hive.selector" -}}
{{ include "hive.releaseLabels" .root }}
app.kubernetes.io/component: {{ .component }}
hivestream.dev/workload: {{ .name }}
{{- end -}}

{{- define "hive.image" -}}
{{- $image := .Values.image -}}
{{- $name := ternary (printf "%s/%s" $image.registry $image.repository) $image.repository (ne $image.registry "") -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The port in host:port. */}}
{{- define "hive.port" -}}{{ last (splitList ":" .) }}{{- end -}}

{{/* The port of a URL. */}}
{{- define "hive.urlPort" -}}
{{- $url := urlParse . -}}
{{- if contains ":" $url.host -}}{{ include "hive.port" $url.host }}{{- else -}}{{ ternary 443 80 (eq $url.scheme "https") }}{{- end -}}
{{- end -}}

{{/*
The entries that run, as YAML: list of component, index, name, the entry over the defaults. A list that an entry has
replaces that of the defaults, a map is laid over it.
*/}}
{{- define "hive.workloads" -}}
{{- $all := list -}}
{{- range $kind := list "commandProcessors" "sagaManagers" -}}
{{- range $i, $entry := index $.Values $kind -}}
{{- if not (and (hasKey $entry "enabled") (not $entry.enabled)) -}}
{{- $all = append $all (dict "kind" $kind
      "component" (ternary "command-processor" "saga-manager" (eq $kind "commandProcessors"))
      "where" (printf "%s[%d] (%s)" $kind $i $entry.name)
      "name" $entry.name
      "entry" (mustMergeOverwrite (deepCopy $.Values.defaults) (deepCopy $entry))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- dict "workloads" $all | toYaml -}}
{{- end -}}
