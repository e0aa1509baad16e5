{{- define "hive.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "hive.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The volumes of an app. Takes root, config (name of the ConfigMap), jwt (whether tokens are looked at). */}}
{{- define "hive.volumes" -}}
{{- $v := .root.Values -}}
- name: tmp
  emptyDir: {}
- name: config
  configMap:
    name: {{ .config }}
{{- with $v.kafka.tls.trust }}
{{- if .existingSecret }}
- name: kafka-trust
  secret:
    secretName: {{ .existingSecret }}
    items:
      - key: {{ .key }}
        path: {{ .key }}
{{- end }}
{{- end }}
{{- with $v.kafka.tls.client }}
{{- if and .existingSecret (eq $v.kafka.tls.type "PKCS12") }}
- name: kafka-client
  secret:
    secretName: {{ .existingSecret }}
    items:
      - key: {{ .storeKey }}
        path: {{ .storeKey }}
{{- end }}
{{- end }}
{{- with $v.redis.tls }}
{{- if .caSecret }}
- name: redis-ca
  secret:
    secretName: {{ .caSecret }}
    items:
      - key: {{ .caKey }}
        path: {{ .caKey }}
{{- end }}
{{- end }}
{{- if .jwt }}
{{- with $v.security.jwt.publicKey }}
{{- if .configMap }}
- name: jwt
  configMap:
    name: {{ .configMap }}
{{- else if .existingSecret }}
- name: jwt
  secret:
    secretName: {{ .existingSecret }}
    items:
      - key: {{ .key }}
        path: {{ .key }}
{{- end }}
{{- end }}
{{- end }}
{{- if $v.domain.image.repository }}
- name: domain
  emptyDir: {}
{{- else if $v.domain.volume.claim }}
- name: domain
  persistentVolumeClaim:
    claimName: {{ $v.domain.volume.claim }}
    readOnly: true
{{- else if $v.domain.volume.configMap }}
- name: domain
  configMap:
    name: {{ $v.domain.volume.configMap }}
{{- end }}
{{- end -}}

{{/* Where the app finds them: each under its name in /etc/hive, but the two that have places of their own. */}}
{{- define "hive.mounts" -}}
{{- range (include "hive.volumes" . | fromYamlArray) }}
- name: {{ .name }}
  mountPath: {{ get (dict "tmp" "/tmp" "domain" "/domain") .name | default (printf "/etc/hive/%s" .name) }}
  {{- if ne .name "tmp" }}
  readOnly: true
  {{- end }}
{{- end }}
{{- end -}}

{{/* What a pod has beside its containers. Takes root, entry. */}}
{{- define "hive.placement" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .entry.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .entry.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .entry.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .entry.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "hive.domainContainer" -}}
{{- with .Values.domain.image }}
{{- if .repository }}
initContainers:
  - name: domain
    image: {{ ternary (printf "%s@%s" .repository .digest) (printf "%s:%s" .repository (default "latest" .tag)) (ne .digest "") }}
    imagePullPolicy: {{ .pullPolicy }}
    command: [sh, -c, 'cp "$1"/*.jar /copy/', copy, {{ .path | quote }}]
    securityContext:
      {{- include "hive.containerSecurity" $ | nindent 6 }}
    resources:
      requests:
        cpu: 10m
        memory: 16Mi
      limits:
        memory: 64Mi
    volumeMounts:
      - name: domain
        mountPath: /copy
{{- end }}
{{- end }}
{{- end -}}

{{/* A pod of the cache-rebuilder, with its labels. Takes root, arguments, config, serviceAccount. */}}
{{- define "hive.rebuilderPod" -}}
{{- $r := .root.Values.cacheRebuilder -}}
metadata:
  labels:
    {{- include "hive.selector" (dict "root" .root "component" "cache-rebuilder" "name" "rebuild") | nindent 4 }}
    {{- with $r.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include "hive.rebuilderConfig" .root | sha256sum }}
    {{- with $r.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  restartPolicy: Never
  serviceAccountName: {{ .serviceAccount }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ int $r.terminationGracePeriodSeconds }}
  securityContext:
    {{- include "hive.podSecurity" . | nindent 4 }}
  {{- with include "hive.placement" (dict "root" .root "entry" $r) | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with include "hive.domainContainer" .root | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: cache-rebuilder
      image: {{ include "hive.image" .root }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args:
        {{- toYaml .arguments | nindent 8 }}
      env:
        {{- include "hive.env" (dict "root" .root "type" "consumer" "javaOptions" $r.javaOptions "env" $r.env "where" "cacheRebuilder.env") | nindent 8 }}
      ports:
        - name: management
          containerPort: 8081
      securityContext:
        {{- include "hive.containerSecurity" . | nindent 8 }}
      resources:
        {{- toYaml $r.resources | nindent 8 }}
      volumeMounts:
        {{- include "hive.mounts" (dict "root" .root "config" .config "jwt" false) | trim | nindent 8 }}
  volumes:
    {{- include "hive.volumes" (dict "root" .root "config" .config "jwt" false) | nindent 4 }}
{{- end -}}
