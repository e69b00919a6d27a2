import type { Row } from "./panel.ts";
import { controller, perSecond } from "./select.ts";

const DAY = 24 * 3600;

export const API: Row = {
  title: "API server and configuration",
  panels: [
    {
      kind: "lines",
      title: "Objects processed",
      description: "Objects and configurations that each process worked on.",
      queries: [
        { expr: `sum by (pod) (${perSecond(controller("metallb_k8s_client_updates_total"))})`, legend: "{{pod}}" },
      ],
      unit: "ops",
      width: 8,
    },
    {
      kind: "lines",
      title: "Errors",
      description: "Work that failed: an invalid configuration, or a write that the API server refused.",
      queries: [
        {
          expr: `sum by (pod) (${perSecond(controller("metallb_k8s_client_update_errors_total"))})`,
          legend: "{{pod}}",
        },
      ],
      unit: "ops",
      width: 8,
    },
    {
      kind: "states",
      title: "Configuration",
      description: "Whether each process uses the latest configuration. A controller that stands by has none.",
      queries: [
        {
          expr: `${controller("metallb_k8s_client_config_loaded_bool")} + ${controller("metallb_k8s_client_config_stale_bool")}`,
          legend: "{{pod}}",
        },
      ],
      unit: "short",
      width: 8,
      states: {
        0: { word: "none yet", color: "yellow" },
        1: { word: "in use", color: "green" },
        2: { word: "invalid; the last one is in use", color: "red" },
      },
    },
    {
      kind: "lines",
      title: "Admission",
      description: "Objects that the webhooks judged.",
      queries: [
        {
          expr: `sum by (kind, outcome) (${perSecond(controller("metallb_controller_admission_requests_total"))})`,
          legend: "{{kind}} {{outcome}}",
        },
      ],
      unit: "reqps",
      width: 16,
    },
    {
      kind: "stat",
      title: "Webhook certificate",
      description:
        "Time that is left of the certificate that the webhooks serve with. It is renewed 90 days before its end.",
      queries: [
        {
          expr: `min(${controller("metallb_controller_webhook_certificate_expiration_timestamp_seconds")} > 0) - time()`,
          legend: "left",
        },
      ],
      unit: "s",
      width: 8,
      height: 8,
      thresholds: [{ color: "red" }, { from: 30 * DAY, color: "orange" }, { from: 80 * DAY, color: "green" }],
      noValue: "none",
    },
  ],
};

export const PROCESSES: Row = {
  title: "Processes",
  panels: [
    {
      kind: "lines",
      title: "Memory",
      description: "Resident memory.",
      queries: [{ expr: controller("process_resident_memory_bytes"), legend: "{{pod}}" }],
      unit: "bytes",
      width: 8,
    },
    {
      kind: "lines",
      title: "Processor",
      description: "Processors in use; 1 is a whole one.",
      queries: [{ expr: perSecond(controller("process_cpu_seconds_total")), legend: "{{pod}}" }],
      unit: "short",
      width: 8,
    },
    {
      kind: "lines",
      title: "Event loop",
      description:
        "How late the main thread is, for 1 of 100 turns. Answers on the wire come from a thread of their own.",
      queries: [{ expr: controller("nodejs_eventloop_lag_p99_seconds"), legend: "{{pod}}" }],
      unit: "s",
      width: 8,
    },
  ],
};
