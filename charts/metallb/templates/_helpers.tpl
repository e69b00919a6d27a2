{{/* Names and labels. A name is at most 63 characters long, which is what a label's value may have. */}}

{{- define "metallb.name" -}}
{{- default "metallb" .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "metallb.fullname" -}}
{{- $name := default "metallb" .Values.nameOverride }}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $full .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "metallb.controller.name" -}}
{{- default (printf "%s-controller" (include "metallb.fullname" .)) .Values.controller.fullnameOverride }}
{{- end }}

{{- define "metallb.speaker.name" -}}
{{- default (printf "%s-speaker" (include "metallb.fullname" .)) .Values.speaker.fullnameOverride }}
{{- end }}

{{- define "metallb.controller.serviceAccountName" -}}
{{- $own := .Values.controller.serviceAccount.create | ternary (printf "%s-controller" (include "metallb.fullname" .)) "default" }}
{{- default $own .Values.controller.serviceAccount.name }}
{{- end }}

{{- define "metallb.speaker.serviceAccountName" -}}
{{- $own := .Values.speaker.serviceAccount.create | ternary (printf "%s-speaker" (include "metallb.fullname" .)) "default" }}
{{- default $own .Values.speaker.serviceAccount.name }}
{{- end }}

{{/* The Secret whose key encrypts the speakers' membership. The controller makes it. */}}
{{- define "metallb.memberlistSecretName" -}}
{{- default (printf "%s-memberlist" (include "metallb.fullname" .)) .Values.speaker.secretName }}
{{- end }}

{{- define "metallb.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "metallb.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* MetalLB's own, so that its release can be upgraded: the selector of a workload can't be changed. */}}
{{- define "metallb.selectorLabels" -}}
app.kubernetes.io/name: {{ include "metallb.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* The labels that the manifests of MetalLB give its Pods: what is written for those finds ours. Takes the component. */}}
{{- define "metallb.plainLabels" -}}
app: metallb
component: {{ . }}
{{- end }}

{{/* Whether there are webhooks; else "". */}}
{{- define "metallb.webhooks" -}}
{{- if and .Values.controller.enabled (ne .Values.controller.webhookMode "disabled") }}true{{ end }}
{{- end }}

{{/* Whether the speakers tell each other that they live; else "". */}}
{{- define "metallb.membership" -}}
{{- if and .Values.speaker.enabled .Values.speaker.memberlist.enabled }}true{{ end }}
{{- end }}
