import type { PeerRib } from "../../bgp/rib/peer-rib.ts";
import type { BgpPeer } from "../../config/model.ts";
import type { ServiceView } from "../../config/service.ts";
import type { IpAddress } from "../../ip/address.ts";
import { formatAddress } from "../../ip/address.ts";
import { seconds } from "../../lib/duration.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { EventRecorder, ObjectKey } from "../../ports/kube.ts";
import type { Log } from "../../ports/log.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { SpeakerObjects } from "../speaker-objects.ts";
import type { BgpOptions, BgpSpeakerConfig } from "./bgp-context.ts";
import type { BgpDecision } from "./bgp-plan.ts";
import { type BgpPlanChange, BgpState } from "./bgp-state.ts";
import type { PeerReport } from "./peer-manager.ts";
import { updateRib } from "./update-rib.ts";

/** The sessions of this node, whatever they run on. */
export interface BgpSessions {
  /** These are the peers from now on. Sessions with peers that don't change go on. */
  setPeers(peers: readonly BgpPeer[]): void;
  /** Changes what a peer is meant to have. Nothing for a peer that is not there. */
  changeRoutes(peer: string, change: (rib: PeerRib) => void): void;
  /** `listener` is told the name of a peer when its session, or what it was told, has changed, or when it is gone. */
  onChange(listener: (peer: string) => void): void;
  /** How it is with a peer; undefined when it is not there. */
  report(peer: string): PeerReport | undefined;
  /** All peers by name, in any order. */
  reports(): readonly (readonly [string, PeerReport])[];
  /** Ends all sessions in order. Resolves when nothing is left of them, after some seconds at most. */
  stop(): Promise<void>;
}

export interface BgpSpeakerPorts {
  readonly sessions: BgpSessions;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Keeps the ServiceBGPStatus objects. */
  readonly statuses: Statuses;
}

interface Statuses {
  start(): void;
  /** Names of the peers that a Service is meant for, in order; undefined: none. */
  want(service: ObjectKey, peers: readonly string[] | undefined): void;
  /** The first plan was made. */
  begin(): void;
  close(): Promise<void>;
}

/** What was said of a Service. */
interface Holding {
  readonly uid: string;
  readonly addresses: readonly IpAddress[];
}

/** How often the weights of a Service's routes change at most. Endpoints move in bursts, and routers take their time. */
const WEIGHT_INTERVAL = seconds(5);

/** Carries the plan for BGP to the sessions, and tells people about it: events, log lines, metrics. */
export class BgpSpeaker {
  readonly #node: string;
  readonly #ports: BgpSpeakerPorts;
  readonly #state: BgpState;
  readonly #holdings = new Map<ObjectKey, Holding>();
  #timer: Timer | undefined;

  constructor(options: BgpOptions, objects: SpeakerObjects, ports: BgpSpeakerPorts) {
    this.#node = options.node;
    this.#ports = ports;
    this.#state = new BgpState({ ...options, weightInterval: WEIGHT_INTERVAL }, objects);
  }

  start(): void {
    this.#ports.statuses.start();
  }

  /** Takes force with the next plan. */
  setConfig(config: BgpSpeakerConfig): void {
    this.#state.setConfig(config);
    this.#ports.sessions.setPeers(config.peers);
  }

  /** Services that this node announces by the last plan. */
  announced(): readonly ServiceView[] {
    return this.#state.announced();
  }

  decisionOf(service: ObjectKey): BgpDecision | undefined {
    return this.#state.decisionOf(service);
  }

  /** Plans what has changed, and again by itself when there is something to be told later. */
  replan(): void {
    const { clock, sessions, statuses } = this.#ports;
    this.#timer?.cancel();
    const { changes, routes, again } = this.#state.replan(clock.now());
    for (const [peer, news] of routes) sessions.changeRoutes(peer, (rib) => updateRib(rib, news));
    for (const change of changes) this.#tell(change);
    if (this.#state.configured) statuses.begin();
    this.#timer = again === undefined ? undefined : clock.after(again, () => this.replan());
  }

  /** Plans nothing from now on, and ends the sessions. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    const { sessions, statuses } = this.#ports;
    await Promise.all([sessions.stop(), statuses.close()]);
  }

  #tell({ key, service, after }: BgpPlanChange): void {
    const peers = after.announce ? after.peers : [];
    this.#ports.statuses.want(key, peers.length === 0 ? undefined : peers);
    if (after.announce && service !== undefined) return this.#hold(key, service, after.addresses);
    if (after.announce) return;
    const { reason, conflict } = after;
    this.#letGo(key, reason);
    if (service === undefined || conflict === undefined) return;
    const [a, b] = conflict.map((name) => JSON.stringify(name));
    const message = `not announcing from node "${this.#node}" with protocol "bgp": BGPAdvertisements ${a} and ${b} give its routes different local preferences`;
    this.#record(service, "Warning", "announceFailed", message);
    this.#ports.log.warn({ node: this.#node, service: key, protocol: "bgp", reason, conflict }, message);
  }

  #hold(key: ObjectKey, service: ServiceView, addresses: readonly IpAddress[]): void {
    const old = this.#holdings.get(key);
    this.#holdings.set(key, { uid: service.uid, addresses });
    this.#drop(key, old?.addresses.filter((address) => !addresses.includes(address)) ?? [], "loadBalancerIPChanged");
    const renewed = old?.uid !== service.uid;
    const gained = addresses.filter((address) => renewed || !old.addresses.includes(address));
    if (gained.length === 0) return;
    for (const address of gained) this.#ports.metrics.set("metallb_speaker_announced", this.#series(key, address), 1);
    const ips = gained.map(formatAddress);
    const fields = { node: this.#node, service: key, ips, protocol: "bgp" };
    this.#ports.log.info(fields, `announcing ${ips.join(", ")} for ${key} from node "${this.#node}" with BGP`);
    const message = `announcing from node "${this.#node}" with protocol "bgp"`;
    this.#record(service, "Normal", "nodeAssigned", message);
  }

  #letGo(key: ObjectKey, reason: string): void {
    const holding = this.#holdings.get(key);
    this.#holdings.delete(key);
    if (holding !== undefined) this.#drop(key, holding.addresses, reason);
  }

  #drop(key: ObjectKey, addresses: readonly IpAddress[], reason: string): void {
    if (addresses.length === 0) return;
    for (const address of addresses)
      this.#ports.metrics.remove("metallb_speaker_announced", this.#series(key, address));
    const ips = addresses.map(formatAddress);
    const fields = { node: this.#node, service: key, ips, protocol: "bgp", reason };
    this.#ports.log.info(fields, `withdrew ${ips.join(", ")} of ${key}: ${reason}`);
  }

  #record(service: ServiceView, type: "Normal" | "Warning", reason: string, message: string): void {
    const { namespace, name, uid } = service;
    const regarding = { apiVersion: "v1", kind: "Service", namespace, name, uid };
    this.#ports.events.record({ regarding, type, reason, message });
  }

  #series(service: ObjectKey, address: IpAddress): Record<string, string> {
    return { service, protocol: "bgp", node: this.#node, ip: formatAddress(address) };
  }
}
