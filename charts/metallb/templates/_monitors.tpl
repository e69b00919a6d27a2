{{/* What PodMonitors and ServiceMonitors have in common. `of` is controller or speaker. */}}

{{/* Whether we tell Prometheus what to scrape; else "". */}}
{{- define "metallb.monitors" -}}
{{- if or .Values.prometheus.podMonitor.enabled .Values.prometheus.serviceMonitor.enabled }}true{{ end }}
{{- end }}

{{- define "metallb.metricsReader" -}}
{{ include "metallb.fullname" . }}-metrics-reader
{{- end }}

{{/* Labels of the Service that a ServiceMonitor finds. */}}
{{- define "metallb.monitorServiceLabels" -}}
{{ include "metallb.labels" .root }}
app.kubernetes.io/component: {{ .of }}
name: {{ include "metallb.fullname" .root }}-{{ .of }}-monitor-service
{{- end }}

{{/*
An endpoint of either monitor; `monitor` are its values, `tls` its tlsConfig. A metric's own labels stay as they are: `node` and
`service` say of whom it speaks, which may be somebody else than the Pod it was read from.
*/}}
{{- define "metallb.endpoint" -}}
port: metricshttps
scheme: https
path: /metrics
honorLabels: true
authorization:
  type: Bearer
  credentials:
    name: {{ include "metallb.fullname" .root }}-metrics-token
    key: token
{{- with .tls }}
tlsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if not (kindIs "invalid" .monitor.interval) }}
interval: {{ regexMatch "^[0-9]+$" (toString .monitor.interval) | ternary (printf "%vs" .monitor.interval) .monitor.interval }}
{{- end }}
relabelings:
  - sourceLabels: [__meta_kubernetes_pod_node_name]
    targetLabel: node
  {{- with .monitor.relabelings }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .monitor.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
The label `job` that Prometheus gives to what it scrapes from `of`: the value of the label that `jobLabel` names, on the Pod or
on the Service; if that has none, the name of the PodMonitor or of the Service.
*/}}
{{- define "metallb.job" -}}
{{- $fullname := include "metallb.fullname" .root }}
{{- if .root.Values.prometheus.podMonitor.enabled }}
{{- $labels := include "metallb.podLabels" . | fromYaml }}
{{- default (printf "%s/%s-%s" .root.Release.Namespace $fullname .of) (get $labels .root.Values.prometheus.podMonitor.jobLabel) }}
{{- else }}
{{- $labels := include "metallb.monitorServiceLabels" . | fromYaml }}
{{- default (printf "%s-%s-monitor-service" $fullname .of) (get $labels .root.Values.prometheus.serviceMonitor.jobLabel) }}
{{- end }}
{{- end }}
