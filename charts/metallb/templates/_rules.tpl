{{/* The alerts that are on. */}}
{{- define "metallb.rules" -}}
{{- $rule := .Values.prometheus.prometheusRule }}
{{- $controller := include "metallb.series" (dict "root" . "of" (list "controller")) }}
{{- $speaker := include "metallb.series" (dict "root" . "of" (list "speaker")) }}
{{- $both := include "metallb.series" (dict "root" . "of" (list "controller" "speaker")) }}
{{- $leads := and .Values.controller.enabled (ne .Values.controller.webhookMode "onlywebhook") }}
{{- /* A controller that stands by applies no configuration: it has none, or its last one from when it led. */}}
{{- include "metallb.alert" (dict
  "name" "MetalLBStaleConfig" "values" $rule.staleConfig "for" "1m"
  "expr" (printf "metallb_k8s_client_config_stale_bool%s == 1\nunless metallb_controller_leader%s == 0" $both $controller)
  "summary" "{{ $labels.pod }} goes on with an old configuration"
  "description" "The configuration that {{ $labels.pod }} reads is invalid, so it goes on with the last valid one. Its ConfigurationState and its log name object, field and fix."
) | trim | nindent 8 }}
{{- include "metallb.alert" (dict
  "name" "MetalLBConfigNotLoaded" "values" $rule.configNotLoaded "for" "1m"
  "expr" (printf "metallb_k8s_client_config_loaded_bool%s == 0\nunless metallb_controller_leader%s == 0" $both $controller)
  "summary" "{{ $labels.pod }} has no configuration"
  "description" "{{ $labels.pod }} has found no valid configuration since it started, and does nothing. Its ConfigurationState and its log say what is wrong."
) | trim | nindent 8 }}
{{- /* A pool of both families is full for most Services when one of them is. */}}
{{- with $rule.addressPoolExhausted }}
{{- $pools := include "metallb.series" (dict "root" $ "of" (list "controller") "more" (include "metallb.withoutPools" .excludePools)) }}
{{- include "metallb.alert" (dict
  "name" "MetalLBAddressPoolExhausted" "values" . "for" "1m"
  "expr" (include "metallb.poolExhausted" $pools)
  "summary" "IPAddressPool {{ $labels.pool }} is exhausted"
  "description" "All addresses of IPAddressPool {{ $labels.pool }}, or all of one family, are in use: further Services wait. Give it more addresses; its status counts both families."
) | trim | nindent 8 }}
{{- end }}
{{- with $rule.addressPoolUsage }}
{{- $usage := . }}
{{- $pools := include "metallb.series" (dict "root" $ "of" (list "controller") "more" (include "metallb.withoutPools" .excludePools)) }}
{{- range .thresholds }}
{{- include "metallb.alert" (dict
  "name" (printf "MetalLBAddressPoolUsage%vPercent" .percent) "message" true
  "values" (dict "enabled" $usage.enabled "labels" .labels)
  "expr" (include "metallb.poolUsage" (dict "pools" $pools "percent" .percent))
  "summary" (printf "IPAddressPool {{ $labels.pool }} is more than %v %% full" .percent)
  "description" (printf "{{ $value | humanize }} %% of the addresses of IPAddressPool {{ $labels.pool }}, or of one of its families, are in use; the threshold is %v %%." .percent)
) | trim | nindent 8 }}
{{- end }}
{{- end }}
{{- include "metallb.alert" (dict
  "name" "MetalLBBGPSessionDown" "values" $rule.bgpSessionDown "for" "1m" "message" true
  "expr" (printf "metallb_bgp_session_up%s == 0" $speaker)
  "summary" "The BGP session with {{ $labels.peer }} is down"
  "description" "{{ $labels.pod }} has no session with BGP peer {{ $labels.peer }}. `metallb bgp session {{ $labels.peer }}` says what ended it last."
) | trim | nindent 8 }}
{{- include "metallb.alert" (dict
  "name" "MetalLBBGPSessionFlapping" "values" $rule.bgpSessionFlapping
  "expr" (printf "increase(metallb_bgp_session_transitions_total%s[15m]) > 3" (include "metallb.series" (dict "root" . "of" (list "speaker") "more" "state=\"Established\"")))
  "summary" "The BGP session with {{ $labels.peer }} comes and goes"
  "description" "The session of {{ $labels.pod }} with BGP peer {{ $labels.peer }} was established {{ $value | humanize }} times in a quarter of an hour. metallb_bgp_session_ends_total has the reasons."
) | trim | nindent 8 }}
{{- if $leads }}
{{- include "metallb.alert" (dict
  "name" "MetalLBNoLeader" "values" $rule.noLeader "for" "2m"
  "expr" (printf "sum(metallb_controller_leader%s) == 0\nor absent(metallb_controller_leader%s)" $controller $controller)
  "summary" "No controller leads"
  "description" "No controller has the Lease, or none can be scraped: Services get no addresses until one has. Those that have addresses keep them."
) | trim | nindent 8 }}
{{- include "metallb.alert" (dict
  "name" "MetalLBServicesPending" "values" $rule.servicesPending "for" "10m"
  "expr" (printf "sum by (namespace, reason) (metallb_controller_services_pending%s) > 0" $controller)
  "summary" "{{ $value }} Services wait for an address: {{ $labels.reason }}"
  "description" "{{ $value }} Services do not have the addresses that they ask for, for the reason {{ $labels.reason }}. Their condition metallb.io/Allocated says what to do."
) | trim | nindent 8 }}
{{- end }}
{{- /* Every speaker counts the same Services. */}}
{{- include "metallb.alert" (dict
  "name" "MetalLBServiceNotAnnounced" "values" $rule.serviceNotAnnounced "for" "2m"
  "expr" (printf "max by (namespace, reason) (metallb_layer2_services_unannounced%s) > 0" $speaker)
  "summary" "{{ $value }} Services are announced by no node: {{ $labels.reason }}"
  "description" "{{ $value }} Services that are meant for layer 2 and have endpoints are announced by no node, for the reason {{ $labels.reason }}. Their condition metallb.io/Layer2Announced says what to do."
) | trim | nindent 8 }}
{{- /* Prometheus sees no rise in a counter that it meets after the first claim; the second part finds it. */}}
{{- include "metallb.alert" (dict
  "name" "MetalLBDuplicateOwner" "values" $rule.duplicateOwner
  "expr" (printf "increase(metallb_layer2_duplicate_owners_total%s[10m]) > 0\nor metallb_layer2_duplicate_owners_total%s > 0\n  unless metallb_layer2_duplicate_owners_total%s offset 10m" $speaker $speaker $speaker)
  "summary" "Another station claims {{ $labels.ip }}"
  "description" "{{ $labels.pod }} announces {{ $labels.ip }} and has heard another station claim it in the last ten minutes. The event DuplicateAddress of the Service names its MAC address."
) | trim | nindent 8 }}
{{- include "metallb.alert" (dict
  "name" "MetalLBSpeakerInDoubt" "values" $rule.speakerInDoubt "for" "1m"
  "expr" (printf "metallb_membership_doubtful%s == 1" $speaker)
  "summary" "{{ $labels.pod }} doubts that it may answer: {{ $labels.reason }}"
  "description" "{{ $labels.pod }} can't be sure that no other speaker has taken its place ({{ $labels.reason }}), and may answer for no address. See whether speakers reach each other, TCP and UDP."
) | trim | nindent 8 }}
{{- include "metallb.alert" (dict
  "name" "MetalLBMembershipSplit" "values" $rule.membershipSplit "for" "5m"
  "expr" (printf "sum without (state) (metallb_membership_members%s)\n< on (namespace) group_left ()\ncount by (namespace) (metallb_membership_members%s)" $speaker (include "metallb.series" (dict "root" . "of" (list "speaker") "more" "state=\"alive\"")))
  "summary" "{{ $labels.pod }} does not see all speakers"
  "description" "{{ $labels.pod }} sees {{ $value }} speakers, and there are more: those that don't reach each other may announce the same address twice. See to the membership's port (7946, TCP and UDP) and key."
) | trim | nindent 8 }}
{{- if include "metallb.webhooks" . }}
{{- include "metallb.alert" (dict
  "name" "MetalLBWebhookCertificateExpires" "values" $rule.webhookCertificateExpires "for" "1h"
  "expr" (printf "(metallb_controller_webhook_certificate_expiration_timestamp_seconds%s > 0) - time() < %v * 86400" $controller $rule.webhookCertificateExpires.days)
  "summary" "The certificate of the webhooks runs out in {{ $value | humanizeDuration }}"
  "description" "{{ $labels.pod }} serves webhooks with a certificate that runs out in {{ $value | humanizeDuration }}, and should have been renewed 90 days before. Its log says what fails. After the end objects of metallb.io can't be changed."
) | trim | nindent 8 }}
{{- end }}
{{- with $rule.extraAlerts }}
{{- toYaml . | nindent 8 }}
{{- end }}
{{- end }}
