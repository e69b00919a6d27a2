import type { PeerRib } from "../../bgp/rib/peer-rib.ts";
import type { BgpPeer } from "../../config/model.ts";
import { seconds } from "../../lib/duration.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { BgpSessions } from "./bgp-speaker.ts";
import { type ListenPlan, PeerManager, type PeerManagerPorts, type PeerReport } from "./peer-manager.ts";
import { SessionMetrics } from "./session-metrics.ts";
import { SessionPlans } from "./session-plans.ts";

export interface NodeSessionsOptions {
  /** Undefined: peers can't connect to us. */
  readonly listen: ListenPlan | undefined;
  /** Our BGP identifier where none is configured, unsigned 32 bits, not 0. */
  readonly defaultRouterId: number;
}

export interface NodeSessionsPorts extends Omit<PeerManagerPorts, "onChange"> {
  readonly metrics: Metrics;
}

/** How old the counters of messages may be that change nothing, which keepalives are. */
const COUNT_INTERVAL = seconds(10);

/** The sessions of this node with the BGPPeers that it has, over TCP, and their metrics. */
export class NodeSessions implements BgpSessions {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #plans: SessionPlans;
  readonly #manager: PeerManager;
  readonly #metrics: SessionMetrics;
  readonly #listeners: ((peer: string) => void)[] = [];
  #timer: Timer | undefined;
  #isStopped = false;

  constructor({ listen, defaultRouterId }: NodeSessionsOptions, ports: NodeSessionsPorts) {
    const { clock, metrics, ...rest } = ports;
    this.#clock = clock;
    this.#log = ports.log;
    this.#plans = new SessionPlans(defaultRouterId);
    this.#metrics = new SessionMetrics(metrics);
    this.#manager = new PeerManager(listen, {
      ...rest,
      clock,
      onChange: (peer) => {
        this.#metrics.update(peer, this.#manager.report(peer));
        for (const listener of this.#listeners) listener(peer);
      },
    });
  }

  setPeers(peers: readonly BgpPeer[]): void {
    for (const { name, endpoint } of peers) {
      if (endpoint.is === "interface") this.#log.warn({ peer: name }, "there are no sessions by interface only yet");
    }
    this.#manager.setPeers(this.#plans.make(peers));
    this.#count();
  }

  changeRoutes(peer: string, change: (rib: PeerRib) => void): void {
    this.#manager.changeRoutes(peer, change);
    this.#metrics.update(peer, this.#manager.report(peer));
  }

  onChange(listener: (peer: string) => void): void {
    this.#listeners.push(listener);
  }

  report(peer: string): PeerReport | undefined {
    return this.#manager.report(peer);
  }

  reports(): readonly (readonly [string, PeerReport])[] {
    return this.#manager.peers.map((peer) => [peer, this.#manager.report(peer)!] as const);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#manager.stop("admin-shutdown", "the speaker stops");
  }

  #count(): void {
    this.#timer?.cancel();
    const reports = this.reports();
    for (const [peer, report] of reports) this.#metrics.update(peer, report);
    if (reports.length === 0 || this.#isStopped) return;
    this.#timer = this.#clock.after(COUNT_INTERVAL, () => this.#count());
  }
}
