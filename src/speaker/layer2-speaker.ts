import type { ServiceView } from "../config/service.ts";
import type { IpAddress } from "../ip/address.ts";
import { formatAddress } from "../ip/address.ts";
import type { EventRecorder, ObjectKey } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import { AddressBook } from "./address-book.ts";
import type { Decision } from "./announce-plan.ts";
import type { PlanChange } from "./announce-state.ts";
import type { AddressCounters, Announcement, ProtocolWorker, WorkerEvent } from "./protocol.ts";

interface Holding {
  readonly service: ServiceView;
  readonly addresses: readonly IpAddress[];
  readonly interfaces: Announcement["interfaces"];
  readonly repeatEvery?: Announcement["repeatEvery"];
}

export interface Layer2Ports {
  readonly worker: ProtocolWorker;
  readonly events: EventRecorder;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told where a Service is announced now; undefined: no longer, or not on any interface that exists. */
  onAnnounced(service: ObjectKey, interfaces: Announcement["interfaces"] | undefined): void;
}

/** Carries changes of the plan to the protocol worker, and tells people about them: events, log lines, metrics. */
export class Layer2Speaker {
  readonly #node: string;
  readonly #ports: Layer2Ports;
  readonly #book = new AddressBook();
  readonly #holdings = new Map<ObjectKey, Holding>();
  /** Where each address is answered now, as the worker tells. */
  readonly #answered = new Map<IpAddress, readonly string[]>();
  /** Holdings whose interfaces don't exist here, so that this is told once. */
  readonly #failed = new Set<ObjectKey>();
  /** Holdings that people have not been told of, since nothing is answered. */
  readonly #unsaid = new Set<ObjectKey>();
  #interfaces: ReadonlySet<string> | undefined;
  #heldBack = false;

  constructor(node: string, ports: Layer2Ports) {
    this.#node = node;
    this.#ports = ports;
  }

  /** Addresses that Services hold. */
  addresses(): Iterable<IpAddress> {
    return this.#book.addresses();
  }

  /** Services that hold an address. */
  holders(address: IpAddress): readonly ObjectKey[] {
    return this.#book.holders(address);
  }

  /** Whether the worker answers nothing, whatever it was told: then nobody is told that an address is announced. */
  holdBack(heldBack: boolean): void {
    if (heldBack === this.#heldBack) return;
    this.#heldBack = heldBack;
    for (const [key, { addresses }] of this.#holdings)
      for (const address of addresses) this.#showAnnounced(key, address);
    if (heldBack) return;
    for (const key of this.#unsaid) this.#sayAssigned(key, this.#holdings.get(key)!);
    this.#unsaid.clear();
  }

  /** All changes of one plan, so that an address which goes from one Service to another is not withdrawn in between. */
  apply(changes: readonly PlanChange[]): void {
    for (const { key, service, after, takesOver } of changes) {
      if (after.announce && service !== undefined) this.#hold(key, { service, ...after }, takesOver);
      else if (!after.announce) this.#letGo(key, after, service);
    }
    for (const command of this.#book.commands()) {
      if (command.do === "withdraw") this.#answered.delete(command.address);
      this.#ports.worker.send(command);
    }
  }

  /** Events that are not about layer 2 are passed over. */
  onWorkerEvent(event: WorkerEvent): void {
    if (event.on === "interfaces") this.#setInterfaces(event.names);
    else if (event.on === "announcing") this.#setAnswered(event);
    else if (event.on === "counters") for (const counters of event.counters) this.#count(counters);
    else if (event.on === "duplicate") this.#reportDuplicate(event);
    else if (event.on === "log") this.#ports.log[event.level](event.fields, event.message);
  }

  #setInterfaces(names: readonly string[]): void {
    this.#interfaces = new Set(names);
    for (const [key, holding] of this.#holdings) this.#checkInterfaces(key, holding);
  }

  #hold(key: ObjectKey, holding: Holding, takesOver: boolean): void {
    const old = this.#holdings.get(key);
    this.#holdings.set(key, holding);
    const dropped = (old?.addresses ?? []).filter((address) => !holding.addresses.includes(address));
    for (const address of dropped) this.#drop(key, address);
    if (dropped.length > 0) this.#logEnd(key, dropped, "loadBalancerIPChanged");
    const { interfaces, repeatEvery } = holding;
    const terms = repeatEvery === undefined ? { interfaces } : { interfaces, repeatEvery };
    for (const address of holding.addresses) this.#book.hold(key, address, terms, takesOver);
    const renewed = old?.service.uid !== holding.service.uid;
    const gained = holding.addresses.filter((address) => renewed || !old.addresses.includes(address));
    for (const address of gained) this.#gain(key, address);
    if (gained.length > 0) this.#sayAssigned(key, holding);
    this.#checkInterfaces(key, holding);
  }

  #gain(key: ObjectKey, address: IpAddress): void {
    this.#showAnnounced(key, address);
    const interfaces = this.#answered.get(address) ?? [];
    if (interfaces.length > 0) this.#logStart(key, address, interfaces);
  }

  #sayAssigned(key: ObjectKey, holding: Holding): void {
    if (this.#heldBack) return void this.#unsaid.add(key);
    this.#record(holding, "Normal", "nodeAssigned", `announcing from node "${this.#node}" with protocol "layer2"`);
  }

  #showAnnounced(key: ObjectKey, address: IpAddress): void {
    const { metrics } = this.#ports;
    if (this.#heldBack) metrics.remove("metallb_speaker_announced", this.#series(key, address));
    else metrics.set("metallb_speaker_announced", this.#series(key, address), 1);
  }

  #letGo(key: ObjectKey, decision: Decision & { announce: false }, service: ServiceView | undefined): void {
    const { reason, owner } = decision;
    const holding = this.#holdings.get(key);
    if (holding === undefined) {
      if (service !== undefined)
        this.#ports.log.debug({ service: key, reason, owner }, `not announcing ${key}: ${reason}`);
      return;
    }
    this.#holdings.delete(key);
    this.#failed.delete(key);
    this.#unsaid.delete(key);
    for (const address of holding.addresses) this.#drop(key, address, owner !== undefined);
    this.#ports.onAnnounced(key, undefined);
    this.#logEnd(key, holding.addresses, reason, owner);
  }

  #drop(key: ObjectKey, address: IpAddress, handover = false): void {
    this.#book.release(key, address, handover);
    this.#ports.metrics.remove("metallb_speaker_announced", this.#series(key, address));
  }

  #setAnswered({ address, interfaces: on }: WorkerEvent & { readonly on: "announcing" }): void {
    const interfaces = on.map(({ name }) => name);
    const before = this.#answered.get(address);
    const holders = this.#book.holders(address);
    if (holders.length === 0 || before?.join() === interfaces.join()) return;
    this.#answered.set(address, interfaces);
    const ip = formatAddress(address);
    if (interfaces.length === 0)
      this.#ports.log.warn({ ip, services: holders }, `${ip} is not answered now: no interface can be used`);
    else for (const key of holders) this.#logStart(key, address, interfaces);
  }

  /** A limit to interfaces of which none exists here leaves the Service unreachable: say so, once. */
  #checkInterfaces(key: ObjectKey, holding: Holding): void {
    const { interfaces, addresses } = holding;
    const known = this.#interfaces;
    const reachable = known === undefined || interfaces === "all" || interfaces.some((name) => known.has(name));
    this.#ports.onAnnounced(key, reachable ? interfaces : undefined);
    if (reachable) this.#failed.delete(key);
    if (reachable || this.#failed.has(key)) return;
    this.#failed.add(key);
    const ips = addresses.map(formatAddress).join(", ");
    const message = `cannot announce ${ips} from node "${this.#node}": it has none of the interfaces ${interfaces.join(", ")}`;
    this.#record(holding, "Warning", "announceFailed", message);
    this.#ports.log.warn({ service: key, interfaces, reason: "noSuchInterface" }, message);
  }

  #logStart(key: ObjectKey, address: IpAddress, interfaces: readonly string[]): void {
    const ip = formatAddress(address);
    const fields = { node: this.#node, service: key, ip, interfaces, protocol: "layer2" };
    this.#ports.log.info(fields, `announcing ${ip} for ${key} from node "${this.#node}" on ${interfaces.join(", ")}`);
  }

  #logEnd(key: ObjectKey, addresses: readonly IpAddress[], reason: string, owner?: string): void {
    const ips = addresses.map(formatAddress);
    const fields = { node: this.#node, service: key, ips, protocol: "layer2", reason, owner };
    const why = owner === undefined ? reason : `${reason}, now on node "${owner}"`;
    this.#ports.log.info(fields, `gave up ${ips.join(", ")} of ${key}: ${why}`);
  }

  #record({ service }: Holding, type: "Normal" | "Warning", reason: string, message: string): void {
    const { namespace, name, uid } = service;
    this.#ports.events.record({
      regarding: { apiVersion: "v1", kind: "Service", namespace, name, uid },
      type,
      reason,
      message,
    });
  }

  #reportDuplicate({ address, mac, interface: on }: WorkerEvent & { on: "duplicate" }): void {
    const ip = formatAddress(address);
    const services = this.#book.holders(address);
    const message = `${mac} on interface "${on}" of node "${this.#node}" claims ${ip} too; this node goes on answering`;
    this.#ports.log.warn({ ip, mac, interface: on, services, reason: "duplicateAddress" }, message);
    for (const key of services) {
      const holding = this.#holdings.get(key);
      if (holding !== undefined) this.#record(holding, "Warning", "DuplicateAddress", message);
    }
  }

  #count({ address, requestsReceived, responsesSent, gratuitousSent, duplicatesHeard }: AddressCounters): void {
    const { metrics } = this.#ports;
    const labels = { ip: formatAddress(address) };
    metrics.add("metallb_layer2_requests_received", labels, requestsReceived);
    metrics.add("metallb_layer2_responses_sent", labels, responsesSent);
    metrics.add("metallb_layer2_gratuitous_sent", labels, gratuitousSent);
    metrics.add("metallb_layer2_duplicate_owners_total", labels, duplicatesHeard);
  }

  #series(service: ObjectKey, address: IpAddress): Record<string, string> {
    return { service, protocol: "layer2", node: this.#node, ip: formatAddress(address) };
  }
}
