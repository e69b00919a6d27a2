/** One metric as it is exposed. */
export interface MetricSpec {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
  /** A second name under which the same values are exposed. */
  readonly alias?: string;
}

export type MetricTable = Readonly<Record<string, MetricSpec>>;

const K8S_CLIENT = {
  metallb_k8s_client_updates_total: {
    type: "counter",
    help: "Kubernetes objects and configurations that were processed",
    labels: [],
  },
  metallb_k8s_client_update_errors_total: {
    type: "counter",
    help: "Kubernetes objects and configurations whose processing failed",
    labels: [],
  },
  metallb_k8s_client_config_loaded_bool: {
    type: "gauge",
    help: "1 once a valid configuration has been loaded",
    labels: [],
  },
  metallb_k8s_client_config_stale_bool: {
    type: "gauge",
    help: "1 while the latest configuration is invalid and an older one is in use",
    labels: [],
  },
} as const satisfies MetricTable;

function peerMetric(type: "counter" | "gauge", help: string): MetricSpec & { readonly labels: readonly ["peer"] } {
  return { type, help, labels: ["peer"] };
}

function poolGauge(help: string): MetricSpec {
  return { type: "gauge", help, labels: ["pool"] };
}

/** The alias follows the convention that a counter's name ends in `_total`. */
function addressCounter(name: string, help: string): MetricSpec {
  return { type: "counter", help, labels: ["ip"], alias: `${name}_total` };
}

/** What each component exposes, under the names that dashboards and alerts for MetalLB know. */
export const METRICS = {
  controller: {
    ...K8S_CLIENT,
    metallb_controller_leader: {
      type: "gauge",
      help: "1 while this replica leads and may write, 0 while it stands by",
      labels: [],
    },
    metallb_controller_admission_requests_total: {
      type: "counter",
      help: "Objects that the admission webhooks judged, by kind and outcome (allowed, denied, error)",
      labels: ["kind", "outcome"],
    },
    metallb_controller_webhook_certificate_expiration_timestamp_seconds: {
      type: "gauge",
      help: "When the certificate runs out that the webhooks serve with, in seconds since 1970",
      labels: [],
    },
    metallb_allocator_addresses_total: poolGauge("Usable addresses of the pool"),
    metallb_allocator_addresses_in_use_total: poolGauge("Addresses of the pool that are in use"),
    metallb_allocator_ipv4_addresses_total: poolGauge("Usable IPv4 addresses of the pool"),
    metallb_allocator_ipv4_addresses_in_use_total: poolGauge("IPv4 addresses of the pool that are in use"),
    metallb_allocator_ipv6_addresses_total: poolGauge("Usable IPv6 addresses of the pool"),
    metallb_allocator_ipv6_addresses_in_use_total: poolGauge("IPv6 addresses of the pool that are in use"),
    metallb_controller_services_pending: {
      type: "gauge",
      help: "Services that don't have what they ask for, by the reason (docs/reasons.md)",
      labels: ["reason"],
    },
    metallb_controller_allocations_refused_total: {
      type: "counter",
      help: "Times that a Service was told that it doesn't get what it asks for, by the reason (docs/reasons.md)",
      labels: ["reason"],
    },
    metallb_controller_status_write_seconds: {
      type: "histogram",
      help: "Time from a decision on a Service until its status says so",
      labels: [],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    },
  },
  speaker: {
    ...K8S_CLIENT,
    metallb_speaker_announced: {
      type: "gauge",
      help: "1 for each service address that this node announces",
      labels: ["service", "protocol", "node", "ip"],
    },
    metallb_speaker_owner_changes_total: {
      type: "counter",
      help: "Services that this node took over from another (gained), or another from it (lost)",
      labels: ["direction"],
    },
    metallb_layer2_services_unannounced: {
      type: "gauge",
      help: "Services meant for layer 2, with endpoints, that no node can announce, by the reason; the same on all speakers",
      labels: ["reason"],
    },
    metallb_layer2_requests_received: addressCounter(
      "metallb_layer2_requests_received",
      "ARP requests and neighbour solicitations received for announced addresses",
    ),
    metallb_layer2_responses_sent: addressCounter(
      "metallb_layer2_responses_sent",
      "ARP replies and neighbour advertisements sent in answer to requests",
    ),
    metallb_layer2_gratuitous_sent: addressCounter(
      "metallb_layer2_gratuitous_sent",
      "Gratuitous ARP packets and unsolicited neighbour advertisements sent",
    ),
    metallb_layer2_last_answered_timestamp_seconds: {
      type: "gauge",
      help: "When a request for an announced address was answered last, in seconds since 1970; absent: never",
      labels: ["ip"],
    },
    metallb_layer2_duplicate_owners_total: {
      type: "counter",
      help: "Times that another station was heard to claim an address which this node owns",
      labels: ["ip"],
    },
    metallb_membership_members: {
      type: "gauge",
      help: "Speakers that take part, ours included, by state (alive, suspect); a suspect still counts as alive",
      labels: ["state"],
    },
    metallb_membership_doubtful: {
      type: "gauge",
      help: "1 while this speaker can't be sure that nobody has taken its place, by the reason; it may answer nothing then",
      labels: ["reason"],
    },
    metallb_membership_packets_refused_total: {
      type: "counter",
      help: "Packets and streams, or parts of them, that were not taken from other members, by the reason",
      labels: ["reason"],
    },
    metallb_bgp_session_up: peerMetric("gauge", "1 while the session with the peer is established"),
    metallb_bgp_announced_prefixes_total: peerMetric("gauge", "Prefixes that the peer was told of"),
    metallb_bgp_pending_prefixes_total: peerMetric("gauge", "Prefixes that the peer is meant to have"),
    metallb_bgp_updates_total: peerMetric("counter", "UPDATE messages sent"),
    metallb_bgp_updates_total_received: peerMetric("counter", "UPDATE messages received"),
    metallb_bgp_opens_sent: peerMetric("counter", "OPEN messages sent"),
    metallb_bgp_opens_received: peerMetric("counter", "OPEN messages received"),
    metallb_bgp_notifications_sent: peerMetric("counter", "NOTIFICATION messages sent"),
    metallb_bgp_keepalives_sent: peerMetric("counter", "KEEPALIVE messages sent"),
    metallb_bgp_keepalives_received: peerMetric("counter", "KEEPALIVE messages received"),
    metallb_bgp_route_refresh_sent: peerMetric("counter", "ROUTE-REFRESH messages sent"),
    metallb_bgp_total_sent: peerMetric("counter", "BGP messages sent"),
    metallb_bgp_total_received: peerMetric("counter", "BGP messages received"),
    metallb_bgp_session_transitions_total: {
      type: "counter",
      help: "Times that the session came to a state of RFC 4271 (Idle, Connect, Active, OpenSent, OpenConfirm, Established)",
      labels: ["peer", "state"],
    },
    metallb_bgp_session_ends_total: {
      type: "counter",
      help: "Times that a connection with the peer ended, or could not be had, by the reason (docs/bgp.md)",
      labels: ["peer", "reason"],
    },
  },
} as const satisfies Readonly<Record<string, MetricTable>>;

export type Component = keyof typeof METRICS;
