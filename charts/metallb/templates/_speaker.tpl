{{/* Raw frames; and ports below 1024, unless it is certain that it listens on none of them. */}}
{{- define "metallb.speaker.capabilities" -}}
{{- $port := .Values.speaker.bgpListenPort }}
{{- $low := or (kindIs "invalid" $port) (and (gt (int $port) 0) (lt (int $port) 1024)) }}
{{- $low | ternary (list "NET_RAW" "NET_BIND_SERVICE") (list "NET_RAW") | toJson }}
{{- end }}
