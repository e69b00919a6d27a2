import { formatAddress, type IpAddress } from "../ip/address.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metrics } from "../ports/metrics.ts";
import { type AddressFacts, NO_FACTS } from "./live-state.ts";
import type { AddressCounters, WorkerEvent } from "./protocol.ts";

export interface LiveFactsPorts {
  readonly clock: Pick<Clock, "wallTime">;
  readonly metrics: Metrics;
  /** Whether a Service holds the address. */
  isHeld(address: IpAddress): boolean;
}

/** Stations that are remembered for claiming one address. */
const MOST_DUPLICATES = 8;

const LAST_ANSWERED = "metallb_layer2_last_answered_timestamp_seconds";

/**
 * What the protocol worker told last of each address: for people, nothing is decided from it. An address is forgotten
 * when the worker tells that it is answered nowhere and no Service holds it.
 */
export class LiveFacts {
  readonly #ports: LiveFactsPorts;
  readonly #facts = new Map<IpAddress, AddressFacts>();

  constructor(ports: LiveFactsPorts) {
    this.#ports = ports;
  }

  /** Addresses about which something was told. */
  addresses(): Iterable<IpAddress> {
    return this.#facts.keys();
  }

  of(address: IpAddress): AddressFacts {
    return this.#facts.get(address) ?? NO_FACTS;
  }

  /** Events that are not about addresses are passed over. */
  onWorkerEvent(event: WorkerEvent): void {
    if (event.on === "announcing") this.#answeredOn(event);
    else if (event.on === "duplicate") this.#duplicate(event);
    else if (event.on === "counters") for (const counters of event.counters) this.#count(counters);
  }

  #answeredOn({ address, interfaces }: WorkerEvent & { readonly on: "announcing" }): void {
    if (interfaces.length === 0 && !this.#ports.isHeld(address)) return this.#forget(address);
    this.#facts.set(address, { ...this.of(address), interfaces });
  }

  #duplicate({ address, mac, interface: on }: WorkerEvent & { readonly on: "duplicate" }): void {
    if (!this.#isKnown(address)) return;
    const facts = this.of(address);
    const others = facts.duplicates.filter((other) => other.mac !== mac || other.interface !== on);
    const latest = { mac, interface: on, at: this.#ports.clock.wallTime() };
    this.#facts.set(address, { ...facts, duplicates: [latest, ...others].slice(0, MOST_DUPLICATES) });
  }

  /** Counters may come after the address has gone. */
  #count({ address, lastAnswered, lastGratuitous }: AddressCounters): void {
    if (!this.#isKnown(address) || (lastAnswered === undefined && lastGratuitous === undefined)) return;
    const { clock, metrics } = this.#ports;
    const now = clock.wallTime();
    let facts = this.of(address);
    if (lastGratuitous !== undefined) facts = { ...facts, lastGratuitous: now - lastGratuitous.agoMs };
    if (lastAnswered !== undefined) {
      const { agoMs, ...who } = lastAnswered;
      const at = now - agoMs;
      facts = { ...facts, lastAnswered: { at, ...who } };
      metrics.set(LAST_ANSWERED, { ip: formatAddress(address) }, at / 1000);
    }
    this.#facts.set(address, facts);
  }

  #isKnown(address: IpAddress): boolean {
    return this.#facts.has(address) || this.#ports.isHeld(address);
  }

  #forget(address: IpAddress): void {
    if (this.#facts.delete(address)) this.#ports.metrics.remove(LAST_ANSWERED, { ip: formatAddress(address) });
  }
}
