{{/*
What the Pods of controller and speaker have in common. Where a template needs to know whose Pod it is, it takes
(dict "root" $ "of" "controller").
*/}}

{{/* Labels: the user's, and over them those that selectors look for. */}}
{{- define "metallb.podLabels" -}}
{{- $values := index .root.Values .of -}}
{{- $fixed := include "metallb.selectorLabels" .root | fromYaml }}
{{- $_ := set $fixed "app.kubernetes.io/component" .of }}
{{- toYaml (merge $fixed (include "metallb.plainLabels" .of | fromYaml) (default dict $values.labels)) }}
{{- end }}

{{- define "metallb.podAnnotations" -}}
{{- $values := index .root.Values .of -}}
{{- $annotations := deepCopy (default dict $values.podAnnotations) }}
{{- if .root.Values.prometheus.scrapeAnnotations }}
{{- $scrape := dict "prometheus.io/scrape" "true" "prometheus.io/scheme" "https" "prometheus.io/port" (toString .root.Values.prometheus.metricsPort) }}
{{- $annotations = merge $annotations $scrape }}
{{- end }}
{{- if $annotations }}{{ toYaml $annotations }}{{ end }}
{{- end }}

{{/* What every Pod's spec begins with. `defaults` is the security context that the user's goes over. */}}
{{- define "metallb.podSpec" -}}
{{- $values := index .root.Values .of -}}
serviceAccountName: {{ include (printf "metallb.%s.serviceAccountName" .of) .root | quote }}
automountServiceAccountToken: true
enableServiceLinks: false
securityContext:
  {{- toYaml (merge (deepCopy (default dict $values.securityContext)) .defaults) | nindent 2 }}
terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with $values.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
nodeSelector:
  {{- toYaml (merge (deepCopy (default dict $values.nodeSelector)) (dict "kubernetes.io/os" "linux")) | nindent 2 }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
The image. A copy of the values of MetalLB's chart names its program, which nobody means who installs this chart: it
stands for ours, and NOTES.txt says so.
*/}}
{{- define "metallb.image" -}}
{{- $image := (index .root.Values .of).image }}
{{- $ours := printf "ghcr.io/metallb-ts/%s:%s" .of .root.Chart.AppVersion }}
{{- $given := printf "%s:%s" $image.repository (default .root.Chart.AppVersion $image.tag) }}
{{- if include "metallb.isReferenceImage" . }}{{ $ours }}{{ else }}{{ $given }}{{ end }}
{{- end }}

{{- define "metallb.isReferenceImage" -}}
{{- if eq (index .root.Values .of).image.repository (printf "quay.io/metallb/%s" .of) }}true{{ end }}
{{- end }}

{{/* What every container begins with. */}}
{{- define "metallb.container" -}}
{{- $values := index .root.Values .of -}}
name: {{ .of }}
image: {{ include "metallb.image" . }}
{{- with $values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
{{- with $values.command }}
command: {{ kindIs "slice" . | ternary . (list .) | toJson }}
{{- end }}
{{- with $values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Flags that both processes have. */}}
{{- define "metallb.commonArgs" -}}
{{- $values := index .root.Values .of -}}
- --port={{ .root.Values.prometheus.metricsPort }}
- --health-probe-port={{ $values.livenessProbe.port }}
- --log-level={{ $values.logLevel }}
{{- with .root.Values.loadBalancerClass }}
- --lb-class={{ . }}
{{- end }}
{{- with .root.Values.tls.minVersion }}
- --tls-min-version={{ . }}
{{- end }}
{{- with .root.Values.tls.cipherSuites }}
- --tls-cipher-suites={{ . }}
{{- end }}
{{- with .root.Values.tls.curvePreferences }}
- --tls-curve-preferences={{ . }}
{{- end }}
{{- if index .root.Values.tls (printf "%sMetricsTLSSecret" .of) }}
- --metrics-cert-dir=/etc/metrics
{{- end }}
{{- end }}

{{/* livenessProbe and readinessProbe. `host` is where the kubelet asks; "": the Pod's address. */}}
{{- define "metallb.probes" -}}
{{- $values := index .root.Values .of -}}
{{- $host := .host }}
{{- range $kind, $path := dict "livenessProbe" "/healthz" "readinessProbe" "/readyz" }}
{{- $probe := index $values $kind }}
{{- if $probe.enabled }}
{{ $kind }}:
  httpGet:
    path: {{ $path }}
    port: {{ $probe.port }}
    {{- with $host }}
    host: {{ . }}
    {{- end }}
  initialDelaySeconds: {{ $probe.initialDelaySeconds }}
  periodSeconds: {{ $probe.periodSeconds }}
  timeoutSeconds: {{ $probe.timeoutSeconds }}
  successThreshold: {{ $probe.successThreshold }}
  failureThreshold: {{ $probe.failureThreshold }}
{{- end }}
{{- end }}
{{- end }}

{{/* Takes the list of capabilities that are added to none. */}}
{{- define "metallb.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
  {{- with . }}
  add: {{ toJson . }}
  {{- end }}
{{- end }}
