{{/*
The Pods of a Deployment of controllers. Both Deployments have the same, so that whichever of them starts a Pod starts
the same program.
*/}}
{{- define "metallb.controller.podTemplate" -}}
{{- $self := dict "root" . "of" "controller" }}
{{- $metricsSecret := .Values.tls.controllerMetricsTLSSecret }}
{{- $webhooks := include "metallb.webhooks" . -}}
metadata:
  labels:
    {{- include "metallb.podLabels" $self | nindent 4 }}
  {{- with include "metallb.podAnnotations" $self }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  {{- $defaults := dict "seccompProfile" (dict "type" "RuntimeDefault") }}
  {{- include "metallb.podSpec" (merge (dict "defaults" $defaults) $self) | nindent 2 }}
  {{- with .Values.controller.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "metallb.controller.topologySpread" . }}
  topologySpreadConstraints:
    {{- . | nindent 4 }}
  {{- end }}
  containers:
    - {{ include "metallb.container" $self | nindent 6 | trim }}
      args:
        {{- include "metallb.commonArgs" $self | nindent 8 }}
        - --webhook-mode={{ .Values.controller.webhookMode }}
        {{- if not .Values.controller.leaderElection.enabled }}
        - --leader-elect=false
        {{- end }}
      env:
        - name: METALLB_POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        {{- if include "metallb.membership" . }}
        - name: METALLB_ML_SECRET_NAME
          value: {{ include "metallb.memberlistSecretName" . | quote }}
        - name: METALLB_DEPLOYMENT
          value: {{ include "metallb.controller.name" . | quote }}
        {{- end }}
      ports:
        {{- with .Values.prometheus.metricsPort }}
        - name: metricshttps
          containerPort: {{ . }}
        {{- end }}
        {{- if $webhooks }}
        - name: webhook-server
          containerPort: 9443
        {{- end }}
      {{- include "metallb.probes" (merge (dict "host" "") $self) | trim | nindent 6 }}
      securityContext:
        {{- include "metallb.containerSecurityContext" list | nindent 8 }}
      {{- if or $webhooks $metricsSecret }}
      volumeMounts:
        {{- if $webhooks }}
        - name: cert
          mountPath: /tmp/k8s-webhook-server/serving-certs
          readOnly: true
        {{- end }}
        {{- if $metricsSecret }}
        - name: metrics-certs
          mountPath: /etc/metrics
          readOnly: true
        {{- end }}
      {{- end }}
    {{- with .Values.controller.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if or $webhooks $metricsSecret }}
  volumes:
    {{- if $webhooks }}
    - name: cert
      secret:
        secretName: metallb-webhook-cert
        defaultMode: 420 # 0644
        # Should it be lost, it is the controller that makes it anew.
        optional: true
    {{- end }}
    {{- if $metricsSecret }}
    - name: metrics-certs
      secret:
        secretName: {{ $metricsSecret | quote }}
        defaultMode: 420 # 0644
    {{- end }}
  {{- end }}
{{- end }}

{{/* The user's constraints, else several replicas on several nodes where that is possible. */}}
{{- define "metallb.controller.topologySpread" -}}
{{- if .Values.controller.topologySpreadConstraints }}
{{- toYaml .Values.controller.topologySpreadConstraints }}
{{- else if gt (int .Values.controller.replicas) 1 -}}
- topologyKey: kubernetes.io/hostname
  maxSkew: 1
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "metallb.selectorLabels" . | nindent 6 }}
      app.kubernetes.io/component: controller
{{- end }}
{{- end }}
