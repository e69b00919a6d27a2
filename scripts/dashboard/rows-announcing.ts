import type { Row } from "./panel.ts";
import { perSecond, risen, speaker } from "./select.ts";

export const ANNOUNCING: Row = {
  title: "Who announces",
  panels: [
    {
      kind: "table",
      title: "Announced now",
      description:
        "Which node announces which address of which Service. On layer 2 one node does, over BGP each that may.",
      queries: [
        {
          expr: `max by (service, ip, protocol, node) (${speaker("metallb_speaker_announced")}) > 0`,
          legend: "",
        },
      ],
      unit: "short",
      width: 12,
      height: 10,
      columns: { service: "Service", ip: "Address", protocol: "Protocol", node: "Node" },
    },
    {
      kind: "lines",
      title: "Addresses of each node",
      description: "How many addresses each node announces.",
      queries: [
        { expr: `sum by (node, protocol) (${speaker("metallb_speaker_announced")})`, legend: "{{node}} {{protocol}}" },
      ],
      unit: "short",
      width: 6,
      height: 10,
    },
    {
      kind: "lines",
      title: "Fail-overs and moves",
      description: "Services that a node took over from another, or another from it.",
      queries: [
        {
          expr: `sum by (node, direction) (${risen(speaker("metallb_speaker_owner_changes_total"))}) > 0`,
          legend: "{{node}} {{direction}}",
        },
      ],
      unit: "short",
      width: 6,
      shape: "bars",
      height: 10,
    },
  ],
};

const ON_LAYER_2 = [
  { metric: "metallb_layer2_requests_received_total", legend: "requests" },
  { metric: "metallb_layer2_responses_sent_total", legend: "answers" },
  { metric: "metallb_layer2_gratuitous_sent_total", legend: "unasked (gratuitous)" },
];

export const LAYER2: Row = {
  title: "Layer 2",
  panels: [
    {
      kind: "lines",
      title: "ARP and neighbour discovery",
      description:
        "Requests for our addresses and what was sent. Requests without answers: clients don't reach the Service.",
      queries: ON_LAYER_2.map(({ metric, legend }) => ({ expr: `sum(${perSecond(speaker(metric))})`, legend })),
      unit: "pps",
      width: 8,
    },
    {
      kind: "lines",
      title: "Answers of each node",
      description: "Answers go with ownership: after a fail-over they come from another node.",
      queries: [
        { expr: `sum by (node) (${perSecond(speaker("metallb_layer2_responses_sent_total"))})`, legend: "{{node}}" },
      ],
      unit: "pps",
      width: 8,
    },
    {
      kind: "lines",
      title: "Most asked for",
      description: "The ten addresses with most requests.",
      queries: [
        {
          expr: `topk(10, sum by (ip) (${perSecond(speaker("metallb_layer2_requests_received_total"))}))`,
          legend: "{{ip}}",
        },
      ],
      unit: "pps",
      width: 8,
    },
    {
      kind: "lines",
      title: "Duplicate owners",
      description:
        "Times that another station claimed an address of ours. Never harmless: somebody has the address configured, or runs a second load balancer.",
      queries: [
        {
          expr: `sum by (ip) (${risen(speaker("metallb_layer2_duplicate_owners_total"))}) > 0`,
          legend: "{{ip}}",
        },
      ],
      unit: "short",
      width: 12,
      shape: "bars",
    },
    {
      kind: "lines",
      title: "Services nobody announces",
      description:
        "Services meant for layer 2, with endpoints, that no node can announce, by the reason; their condition metallb.io/Layer2Announced says more.",
      queries: [
        {
          expr: `max by (reason) (${speaker("metallb_layer2_services_unannounced")}) > 0`,
          legend: "{{reason}}",
        },
      ],
      unit: "short",
      width: 12,
      shape: "areas",
    },
  ],
};

export const MEMBERSHIP: Row = {
  title: "Membership",
  panels: [
    {
      kind: "lines",
      title: "Speakers that each node sees",
      description:
        "All lines should be one. Where they part, some speakers don't reach each other (port 7946, TCP and UDP).",
      queries: [{ expr: `sum by (node) (${speaker("metallb_membership_members")})`, legend: "{{node}}" }],
      unit: "short",
      width: 8,
    },
    {
      kind: "states",
      title: "Doubts",
      description: "A speaker that can't be sure that nobody has taken its place holds back, and says why.",
      queries: [
        {
          expr: `max by (node) (${speaker("metallb_membership_doubtful")})`,
          legend: "{{node}}",
        },
      ],
      unit: "short",
      width: 8,
      states: { 0: { word: "sure", color: "green" }, 1: { word: "in doubt", color: "red" } },
    },
    {
      kind: "lines",
      title: "Refused packets",
      description:
        "What was not taken from other members, by the reason: not-authentic and encrypted mean that keys differ.",
      queries: [
        {
          expr: `sum by (reason) (${perSecond(speaker("metallb_membership_packets_refused_total"))}) > 0`,
          legend: "{{reason}}",
        },
      ],
      unit: "pps",
      width: 8,
    },
  ],
};
