import type { Row, Thresholds } from "./panel.ts";
import { controller, pool, risen, speaker } from "./select.ts";

const WRONG_FROM_ONE: Thresholds = [{ color: "green" }, { from: 1, color: "red" }];
const WAITING: Thresholds = [{ color: "green" }, { from: 1, color: "orange" }];
const NEUTRAL: Thresholds = [{ color: "blue" }];

/** Those of the chart's alerts. */
const FULLNESS: Thresholds = [{ color: "green" }, { from: 75, color: "yellow" }, { from: 95, color: "red" }];

const IN_USE = (family: string): string => pool(`metallb_allocator_${family}_addresses_in_use_total`);
const TOTAL = (family: string): string => pool(`metallb_allocator_${family}_addresses_total`);

/** A pool has series of both families; those of a family that it has no addresses of are left out. */
function both(expr: (family: string) => string, what = ""): { expr: string; legend: string }[] {
  return ["ipv4", "ipv6"].map((family) => ({
    expr: expr(family),
    legend: `{{pool}} ${family.replace("ip", "IP")}${what}`,
  }));
}

export const OVERVIEW: Row = {
  title: "Overview",
  panels: [
    {
      kind: "stat",
      title: "Announced addresses",
      description: "Addresses of Services that at least one node announces, on layer 2 or over BGP.",
      queries: [{ expr: `count(count by (ip) (${speaker("metallb_speaker_announced")}))`, legend: "addresses" }],
      unit: "short",
      width: 4,
      thresholds: NEUTRAL,
      noValue: "0",
    },
    {
      kind: "stat",
      title: "Services waiting",
      description: "Services that don't have what they ask for. The panel «Services waiting» below says why.",
      queries: [{ expr: `sum(${controller("metallb_controller_services_pending")})`, legend: "Services" }],
      unit: "short",
      width: 4,
      thresholds: WAITING,
    },
    {
      kind: "stat",
      title: "Services nobody announces",
      description: "Services meant for layer 2, with endpoints, that no node can announce.",
      queries: [
        {
          expr: `sum(max by (reason) (${speaker("metallb_layer2_services_unannounced")}))`,
          legend: "Services",
        },
      ],
      unit: "short",
      width: 4,
      thresholds: WRONG_FROM_ONE,
      noValue: "0",
    },
    {
      kind: "stat",
      title: "BGP sessions down",
      description: "Sessions that are configured and not established, of all nodes.",
      queries: [{ expr: `count(${speaker("metallb_bgp_session_up")} == 0)`, legend: "sessions" }],
      unit: "short",
      width: 4,
      thresholds: WRONG_FROM_ONE,
      noValue: "0",
    },
    {
      kind: "stat",
      title: "Controllers that lead",
      description: "One replica leads, the others stand by. Without a leader no Service gets an address.",
      queries: [{ expr: `sum(${controller("metallb_controller_leader")})`, legend: "leaders" }],
      unit: "short",
      width: 4,
      thresholds: [{ color: "red" }, { from: 1, color: "green" }, { from: 2, color: "red" }],
    },
    {
      kind: "stat",
      title: "Configuration",
      description:
        "Invalid: a process goes on with the last configuration that was valid; its ConfigurationState says why.",
      queries: [{ expr: `max(${controller("metallb_k8s_client_config_stale_bool")})`, legend: "stale" }],
      unit: "short",
      width: 4,
      thresholds: WRONG_FROM_ONE,
      words: { 0: "valid", 1: "invalid" },
    },
  ],
};

export const ADDRESSES: Row = {
  title: "Addresses",
  panels: [
    {
      kind: "bars",
      title: "How full the pools are",
      description: "Addresses in use, in percent of the pool's usable addresses of the family.",
      queries: both((family) => `100 * ${IN_USE(family)} / (${TOTAL(family)} > 0)`),
      unit: "percent",
      width: 8,
      thresholds: FULLNESS,
    },
    {
      kind: "lines",
      title: "Addresses in use",
      description: "By pool and family. Addresses that Services share count once.",
      queries: both((family) => `${IN_USE(family)} and ${TOTAL(family)} > 0`),
      unit: "short",
      width: 8,
    },
    {
      kind: "lines",
      title: "Services waiting",
      description:
        "Services that don't have what they ask for, by the reason; docs/reasons.md says what to do about each.",
      queries: [
        {
          expr: `sum by (reason) (${controller("metallb_controller_services_pending")}) > 0`,
          legend: "{{reason}}",
        },
      ],
      unit: "short",
      width: 8,
      shape: "areas",
    },
    {
      kind: "lines",
      title: "Refusals",
      description:
        "How often a Service was told that it doesn't get what it asks for. A Service that is told again and again changes again and again.",
      queries: [
        {
          expr: `sum by (reason) (${risen(controller("metallb_controller_allocations_refused_total"))}) > 0`,
          legend: "{{reason}}",
        },
      ],
      unit: "short",
      width: 12,
      shape: "bars",
    },
    {
      kind: "lines",
      title: "From decision to status",
      description:
        "Time from the decision on a Service until its status says so. It grows when the API server is slow.",
      queries: [
        { quantile: 0.5, name: "half" },
        { quantile: 0.99, name: "99 %" },
      ].map(({ quantile, name }) => ({
        expr: `histogram_quantile(${quantile}, sum by (le) (rate(${controller("metallb_controller_status_write_seconds_bucket")}[$__rate_interval])))`,
        legend: `${name} are faster`,
      })),
      unit: "s",
      width: 12,
    },
  ],
};
