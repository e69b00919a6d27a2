{{/*
What can't work together, one sentence each, separated by newlines; "": nothing. values.schema.json checks each value by
itself. A combination that only values without effect are part of is none: see _ignored.tpl.
*/}}
{{- define "metallb.problems" -}}
{{- include "metallb.problems.loss" . }}
{{- include "metallb.problems.configuration" . }}
{{- include "metallb.problems.controller" . }}
{{- include "metallb.problems.ports" . }}
{{- include "metallb.problems.monitoring" . }}
{{- end }}

{{/* Helm deletes what a release has no more, and a CRD takes all that users made of it with it. */}}
{{- define "metallb.problems.loss" -}}
{{- if and .Release.IsUpgrade (not .Values.crds.enabled) }}
{{- $crd := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "ipaddresspools.metallb.io" }}
{{- $annotations := dig "metadata" "annotations" dict (default dict $crd) }}
{{- $ours := and (eq (get $annotations "meta.helm.sh/release-name") .Release.Name) (eq (get $annotations "meta.helm.sh/release-namespace") .Release.Namespace) }}
{{- if and $ours (ne (get $annotations "helm.sh/resource-policy") "keep") }}
crds.enabled is false, and helm would delete the custom resources with every pool and peer: upgrade with crds.keep=true first
{{- end }}
{{- end }}
{{- end }}

{{- define "metallb.problems.configuration" -}}
{{- if .Values.configInline }}
configInline is no longer read: write IPAddressPools and L2Advertisements or BGPAdvertisements, and leave it out
{{- end }}
{{- range $of := list "controller" "speaker" }}
{{- if eq (toString (index $.Values $of).command) (printf "/%s" $of) }}
{{ $of }}.command is /{{ $of }}, which is MetalLB's own program: leave it out
{{- end }}
{{- end }}
{{- if and .Values.tls.cipherSuites (ne .Values.tls.minVersion "VersionTLS12") }}
tls.cipherSuites are those of TLS 1.2: set tls.minVersion to VersionTLS12, or leave them out
{{- end }}
{{- if and .Values.speaker.nodeSelector (not .Values.speaker.memberlist.enabled) }}
speaker.nodeSelector needs speaker.memberlist.enabled: without it an address may be given to a node that has no speaker
{{- end }}
{{- end }}

{{- define "metallb.problems.controller" -}}
{{- $controller := .Values.controller }}
{{- $alone := or $controller.leaderElection.enabled (eq $controller.webhookMode "onlywebhook") }}
{{- if and (gt (int $controller.replicas) 1) (not $alone) }}
controller.replicas is {{ $controller.replicas }} without controller.leaderElection.enabled: two controllers would give out the same addresses
{{- end }}
{{- end }}

{{/* Ports that one process, or one node, has twice. */}}
{{- define "metallb.problems.ports" -}}
{{- $speaker := .Values.speaker }}
{{- $metrics := dict "prometheus.metricsPort" .Values.prometheus.metricsPort }}
{{- $controllerPorts := merge (dict "controller.livenessProbe.port" .Values.controller.livenessProbe.port) $metrics }}
{{- if include "metallb.webhooks" . }}
{{- $_ := set $controllerPorts "the webhooks' port" 9443 }}
{{- end }}
{{- include "metallb.problems.equalPorts" $controllerPorts }}
{{- $speakerPorts := merge (dict "speaker.livenessProbe.port" $speaker.livenessProbe.port) $metrics }}
{{- if include "metallb.membership" . }}
{{- $_ := set $speakerPorts "speaker.memberlist.mlBindPort" $speaker.memberlist.mlBindPort }}
{{- end }}
{{- if $speaker.bgpListenPort }}
{{- $_ := set $speakerPorts "speaker.bgpListenPort" $speaker.bgpListenPort }}
{{- end }}
{{- include "metallb.problems.equalPorts" $speakerPorts }}
{{- range $of := list "controller" "speaker" }}
{{- $values := index $.Values $of }}
{{- if and $values.readinessProbe.enabled (ne (int $values.readinessProbe.port) (int $values.livenessProbe.port)) }}
{{ $of }}.readinessProbe.port is {{ $values.readinessProbe.port }} and {{ $of }}.livenessProbe.port {{ $values.livenessProbe.port }}: one port serves both
{{- end }}
{{- end }}
{{- end }}

{{/* Takes ports by the names that their user knows. */}}
{{- define "metallb.problems.equalPorts" -}}
{{- $names := keys . | sortAlpha }}
{{- range $i, $name := $names }}
{{- range $other := slice $names (add1 $i) }}
{{- if eq (int (get $ $name)) (int (get $ $other)) }}
{{ $name }} and {{ $other }} are both {{ get $ $name }}: use different ports
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "metallb.problems.monitoring" -}}
{{- $prometheus := .Values.prometheus }}
{{- $monitored := or $prometheus.podMonitor.enabled $prometheus.serviceMonitor.enabled }}
{{- if and $prometheus.podMonitor.enabled $prometheus.serviceMonitor.enabled }}
prometheus.podMonitor.enabled and prometheus.serviceMonitor.enabled are both true: everything would be scraped twice
{{- end }}
{{- if and $monitored (not $prometheus.metricsPort) }}
prometheus.metricsPort is 0, so there is nothing to monitor
{{- end }}
{{- if and $monitored $prometheus.rbacPrometheus }}
{{- range $name := list "serviceAccount" "namespace" }}
{{- if not (get $prometheus $name) }}
prometheus.{{ $name }} is missing: prometheus.rbacPrometheus is for the ServiceAccount of Prometheus, in its namespace
{{- end }}
{{- end }}
{{- end }}
{{- end }}
