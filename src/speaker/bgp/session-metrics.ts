import type { SessionSnapshot } from "../../bgp/session/session-record.ts";
import type { MetricLabels, Metrics } from "../../ports/metrics.ts";
import type { PeerReport } from "./peer-manager.ts";
import { formatStreamAddress } from "./stream-text.ts";

type MessageCounts = SessionSnapshot["sent"];

/** A counter of a peer, and how far it was told. */
interface Series {
  readonly name: string;
  readonly labels: MetricLabels;
  readonly told: number;
}

/** What was counted of a peer so far. */
interface Counted {
  readonly labels: MetricLabels;
  /** By name and what its labels have beside the peer. */
  readonly counters: Map<string, Series>;
}

const GAUGES = [
  "metallb_bgp_session_up",
  "metallb_bgp_announced_prefixes_total",
  "metallb_bgp_pending_prefixes_total",
] as const;

const ENDS = "metallb_bgp_session_ends_total";
const TRANSITIONS = "metallb_bgp_session_transitions_total";

/** Shows how it is with each peer, under the names and labels of the reference. */
export class SessionMetrics {
  readonly #metrics: Metrics;
  readonly #peers = new Map<string, Counted>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** `report` is undefined when there is no session any more. */
  update(peer: string, report: PeerReport | undefined): void {
    const labels = report && { peer: formatStreamAddress(report.plan.remote) };
    const known = this.#peers.get(peer);
    if (known !== undefined && known.labels["peer"] !== labels?.peer) this.#forget(peer, known);
    if (report === undefined || labels === undefined) return;
    const counted = this.#peers.get(peer) ?? { labels, counters: new Map<string, Series>() };
    this.#peers.set(peer, counted);
    this.#setGauges(counted, report);
    this.#addCounters(counted, report);
  }

  #setGauges({ labels }: Counted, { session, rib }: PeerReport): void {
    const { IPv4, IPv6 } = rib.counts();
    const isUp = session.state === "Established" ? 1 : 0;
    for (const [i, value] of [isUp, IPv4.told + IPv6.told, IPv4.wanted + IPv6.wanted].entries()) {
      this.#metrics.set(GAUGES[i]!, labels, value);
    }
  }

  #addCounters(counted: Counted, { session }: PeerReport): void {
    for (const [name, total] of totals(session.sent, session.received)) this.#count(counted, name, {}, total);
    for (const [state, total] of Object.entries(session.entered)) this.#count(counted, TRANSITIONS, { state }, total);
    for (const [reason, total] of session.ends) this.#count(counted, ENDS, { reason }, total);
  }

  #count({ labels, counters }: Counted, name: string, more: MetricLabels, total: number): void {
    const key = keyOf(name, more);
    const series = { name, labels: { ...labels, ...more }, told: total };
    this.#metrics.add(name, series.labels, total - (counters.get(key)?.told ?? 0));
    counters.set(key, series);
  }

  #forget(peer: string, { labels, counters }: Counted): void {
    this.#peers.delete(peer);
    for (const name of GAUGES) this.#metrics.remove(name, labels);
    for (const { name, labels } of counters.values()) this.#metrics.remove(name, labels);
  }
}

function keyOf(name: string, more: MetricLabels): string {
  return [name, ...Object.values(more)].join(" ");
}

function totals(sent: MessageCounts, received: MessageCounts): readonly (readonly [string, number])[] {
  const sum = (counts: MessageCounts): number => Object.values(counts).reduce((one, other) => one + other, 0);
  return [
    ["metallb_bgp_updates_total", sent.update],
    ["metallb_bgp_updates_total_received", received.update],
    ["metallb_bgp_opens_sent", sent.open],
    ["metallb_bgp_opens_received", received.open],
    ["metallb_bgp_notifications_sent", sent.notification],
    ["metallb_bgp_keepalives_sent", sent.keepalive],
    ["metallb_bgp_keepalives_received", received.keepalive],
    ["metallb_bgp_route_refresh_sent", sent["route-refresh"]],
    ["metallb_bgp_total_sent", sum(sent)],
    ["metallb_bgp_total_received", sum(received)],
  ];
}
