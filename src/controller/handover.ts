import type { ServiceId } from "../allocator/request.ts";
import type { IpAddress } from "../ip/address.ts";

/** An address that the status of a Service still shows, although it isn't its own any more. */
export interface Remnant {
  readonly address: IpAddress;
  readonly service: ServiceId;
}

interface Leaving {
  readonly shownBy: Set<ServiceId>;
  /** Those that want to show the address and must wait. */
  readonly next: Set<ServiceId>;
}

/**
 * Decisions are in force as soon as a status shows them, and statuses are written one by one. So that no two Services
 * show an address that they don't share, one that got an address shows it only when the one before doesn't any more.
 */
export class Handover {
  readonly #onFree: (id: ServiceId) => void;
  readonly #leaving = new Map<IpAddress, Leaving>();
  readonly #remnants = new Map<ServiceId, readonly IpAddress[]>();
  readonly #waitsFor = new Map<ServiceId, ServiceId>();

  /** `onFree` is called for a Service that had to wait and needs not any more. */
  constructor(onFree: (id: ServiceId) => void) {
    this.#onFree = onFree;
  }

  /** Says which addresses the Service's status shows that aren't its own any more. */
  setRemnants(id: ServiceId, addresses: readonly IpAddress[]): void {
    const old = this.#remnants.get(id) ?? [];
    if (addresses.length === 0) this.#remnants.delete(id);
    else this.#remnants.set(id, addresses);
    for (const address of addresses) {
      const leaving = this.#leaving.get(address);
      if (leaving === undefined) this.#leaving.set(address, { shownBy: new Set([id]), next: new Set() });
      else leaving.shownBy.add(id);
    }
    for (const address of old) if (!addresses.includes(address)) this.#gone(id, address);
  }

  /**
   * What stands in the way of showing these addresses; undefined: nothing. The Service is then told when to ask again.
   * Where Services wait for each other in a circle, the one that asks last goes ahead.
   */
  obstacle(id: ServiceId, addresses: readonly IpAddress[]): Remnant | undefined {
    this.#waitsFor.delete(id);
    for (const address of addresses) {
      const leaving = this.#leaving.get(address);
      const service = [...(leaving?.shownBy ?? [])].find((other) => other !== id);
      if (leaving === undefined || service === undefined || this.#isBehind(service, id)) continue;
      leaving.next.add(id);
      this.#waitsFor.set(id, service);
      return { address, service };
    }
    return undefined;
  }

  /** The Service is gone. */
  forget(id: ServiceId): void {
    this.#waitsFor.delete(id);
    this.setRemnants(id, []);
  }

  #gone(id: ServiceId, address: IpAddress): void {
    const leaving = this.#leaving.get(address);
    if (leaving?.shownBy.delete(id) !== true) return;
    if (leaving.shownBy.size === 0) this.#leaving.delete(address);
    const next = [...leaving.next];
    leaving.next.clear();
    for (const each of next) this.#onFree(each);
  }

  /** Whether `service` waits for `id`, directly or not. */
  #isBehind(service: ServiceId, id: ServiceId): boolean {
    for (let other = this.#waitsFor.get(service); other !== undefined; other = this.#waitsFor.get(other))
      if (other === id) return true;
    return false;
  }
}
