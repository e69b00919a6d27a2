{{/* Gives the ClusterRole `<fullname>:<of>` to the service account of `of`, controller or speaker. */}}
{{- define "metallb.rbac.clusterBinding" -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ printf "%s:%s" (include "metallb.fullname" .root) .of | quote }}
  labels:
    {{- include "metallb.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ printf "%s:%s" (include "metallb.fullname" .root) .of | quote }}
subjects:
  {{- include "metallb.rbac.account" . | nindent 2 }}
{{- end }}

{{/* Gives the Role `<fullname>-<role>` to the service account of `of`. */}}
{{- define "metallb.rbac.binding" -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ printf "%s-%s" (include "metallb.fullname" .root) .role | quote }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include "metallb.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ printf "%s-%s" (include "metallb.fullname" .root) .role | quote }}
subjects:
  {{- include "metallb.rbac.account" . | nindent 2 }}
{{- end }}

{{- define "metallb.rbac.account" -}}
- kind: ServiceAccount
  name: {{ include (printf "metallb.%s.serviceAccountName" .of) .root | quote }}
  namespace: {{ .root.Release.Namespace | quote }}
{{- end }}
