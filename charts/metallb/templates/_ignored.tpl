{{/*
Values of MetalLB's chart that have no effect, with their defaults: they are about FRR, and BGP is built in here.
*/}}
{{- define "metallb.ignored.defaults" -}}
speaker:
  bgpDebounceTimeout: null
  startupProbe:
    enabled: true
    failureThreshold: 30
    periodSeconds: 5
  frr:
    enabled: false
    image:
      repository: quay.io/frrouting/frr
      tag: 10.5.3
      pullPolicy: null
    metricsPort: 9121
    resources: {}
  reloader:
    resources: {}
  frrMetrics:
    resources: {}
  initContainers:
    cpFrrFiles:
      resources: {}
    cpReloader:
      resources: {}
    cpMetrics:
      resources: {}
frrk8s:
  enabled: true
  external: false
  namespace: ""
  secretPassthrough: false
frr-k8s:
  prometheus:
    serviceMonitor:
      enabled: false
{{- end }}

{{/* Those that are set to something else, one in a line. */}}
{{- define "metallb.ignored" -}}
{{- $defaults := include "metallb.ignored.defaults" . | fromYaml }}
{{- range $key, $default := $defaults.speaker }}
{{- include "metallb.changed" (list (printf "speaker.%s" $key) (get $.Values.speaker $key) $default) }}
{{- end }}
{{- range $key := list "frrk8s" "frr-k8s" }}
{{- include "metallb.changed" (list $key (get $.Values $key) (get $defaults $key)) }}
{{- end }}
{{- end }}

{{/* The paths below (list path given default) that are given otherwise, each with a newline before it. */}}
{{- define "metallb.changed" -}}
{{- $path := index . 0 }}
{{- $given := index . 1 }}
{{- $default := index . 2 }}
{{- if and (kindIs "map" $given) $given }}
{{- $defaults := kindIs "map" $default | ternary $default dict }}
{{- range $key, $value := $given }}
{{- include "metallb.changed" (list (printf "%s.%s" $path $key) $value (get $defaults $key)) }}
{{- end }}
{{- else if ne (toJson (default "" $given)) (toJson (default "" $default)) }}
{{ $path }}
{{- end }}
{{- end }}

{{/*
Values that values.yaml doesn't have, one in a line: of older charts of MetalLB, or misspelt. `global` is helm's own.
*/}}
{{- define "metallb.unknown" -}}
{{- $known := .Files.Get "known-values.json" | fromJson }}
{{- include "metallb.unknownBelow" (list "" .Values $known) }}
{{- end }}

{{/* Takes (list prefix given known). */}}
{{- define "metallb.unknownBelow" -}}
{{- $prefix := index . 0 }}
{{- $known := index . 2 }}
{{- range $key, $value := omit (index . 1) "global" }}
{{- if not (hasKey $known $key) }}
{{ $prefix }}{{ $key }}
{{- else if and (kindIs "map" $value) (get $known $key) }}
{{- include "metallb.unknownBelow" (list (printf "%s%s." $prefix $key) $value (get $known $key)) }}
{{- end }}
{{- end }}
{{- end }}
