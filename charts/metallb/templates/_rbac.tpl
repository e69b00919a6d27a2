{{/* Gives the ClusterRole `<fullname>:<of>` to the service account of `of`, controller or speaker. */}}
{{- define "metallb.rbac.clusterBinding" -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "metallb.fullname" .root }}:{{ .of }}
  labels:
    {{- include "metallb.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ include "metallb.fullname" .root }}:{{ .of }}
subjects:
  {{- include "metallb.rbac.account" . | nindent 2 }}
{{- end }}

{{/* Gives the Role `<fullname>-<role>` to the service account of `of`. */}}
{{- define "metallb.rbac.binding" -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ include "metallb.fullname" .root }}-{{ .role }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "metallb.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ include "metallb.fullname" .root }}-{{ .role }}
subjects:
  {{- include "metallb.rbac.account" . | nindent 2 }}
{{- end }}

{{- define "metallb.rbac.account" -}}
- kind: ServiceAccount
  name: {{ include (printf "metallb.%s.serviceAccountName" .of) .root }}
  namespace: {{ .root.Release.Namespace }}
{{- end }}
