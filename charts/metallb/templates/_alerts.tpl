{{/* What the alerts of prometheus-rule.yaml have in common. */}}

{{/*
The matchers that leave our own series, in braces, after those in `more`. `of` is a list of controller and speaker. Without monitors
of ours nobody knows how Prometheus calls what it scrapes; then every series is meant, for the metrics' names are ours alone.
*/}}
{{- define "metallb.series" -}}
{{- $matchers := list }}
{{- with .more }}
{{- $matchers = append $matchers . }}
{{- end }}
{{- if include "metallb.monitors" .root }}
{{- $jobs := list }}
{{- range .of }}
{{- $jobs = append $jobs (include "metallb.job" (dict "root" $.root "of" .) | trim | regexQuoteMeta) }}
{{- end }}
{{- $matchers = concat $matchers (list (printf "job=~%q" (uniq $jobs | join "|")) (printf "namespace=%q" .root.Release.Namespace)) }}
{{- end }}
{{- if $matchers }}{{ "{" }}{{ join ", " $matchers }}{{ "}" }}{{ end }}
{{- end }}

{{/* The matcher that leaves pools out; "" when none is to be. Takes the regular expression. */}}
{{- define "metallb.withoutPools" -}}
{{- with . }}pool!~{{ quote . }}{{ end }}
{{- end }}

{{/*
A rule. `values` are those of the alert; `for` may be missing. Where the reference says `message` instead of `description`, both
are there.
*/}}
{{- define "metallb.alert" -}}
{{- if .values.enabled }}
- alert: {{ .name }}
  expr: |-
    {{- .expr | trim | nindent 4 }}
  {{- with .for }}
  for: {{ . }}
  {{- end }}
  {{- with .values.labels }}
  labels:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  annotations:
    summary: {{ quote .summary }}
    description: {{ quote .description }}
    {{- if .message }}
    message: {{ quote .description }}
    {{- end }}
{{- end }}
{{- end }}

{{/* Pools without a free address, or without one of a family that they have. Takes the matchers. */}}
{{- define "metallb.poolExhausted" -}}
metallb_allocator_addresses_in_use_total{{ . }} >= metallb_allocator_addresses_total
or metallb_allocator_ipv4_addresses_in_use_total{{ . }} >= metallb_allocator_ipv4_addresses_total > 0
or metallb_allocator_ipv6_addresses_in_use_total{{ . }} >= metallb_allocator_ipv6_addresses_total > 0
{{- end }}

{{/* Pools of which, or of one family of which, more than `percent` % is in use. */}}
{{- define "metallb.poolUsage" -}}
{{- range $i, $family := list "" "ipv4_" "ipv6_" }}
{{ if $i }}or {{ end }}100 * metallb_allocator_{{ $family }}addresses_in_use_total{{ $.pools }} / metallb_allocator_{{ $family }}addresses_total > {{ $.percent }}
{{- end }}
{{- end }}
