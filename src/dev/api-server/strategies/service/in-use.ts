import type { ApiObject } from "../../objects.ts";
import { record, strings, text } from "../../objects.ts";
import type { Storage } from "../../storage.ts";
import { portsOf } from "./fields.ts";

/** Cluster addresses and node ports that stored Services hold. It follows the storage: nothing has to be given back. */
export class InUse {
  readonly #addresses = new Map<string, number>();
  readonly #ports = new Map<number, number>();

  constructor(storage: Storage) {
    for (const service of storage.list("services")) this.#count(service, 1);
    storage.subscribe((event) => {
      if (event.previous !== undefined) this.#count(event.previous, -1);
      if (event.type !== "DELETED") this.#count(event.object, 1);
    }, "services");
  }

  hasAddress(address: string): boolean {
    return this.#addresses.has(address);
  }

  hasPort(port: number): boolean {
    return this.#ports.has(port);
  }

  /** Whether another Service holds something that `next` takes and `old` did not have. */
  collides(next: ApiObject, old: ApiObject | undefined): boolean {
    const before = old === undefined ? undefined : heldBy(old);
    const { addresses, ports } = heldBy(next);
    return (
      addresses.some((address) => this.hasAddress(address) && before?.addresses.includes(address) !== true) ||
      [...ports].some((port) => this.hasPort(port) && before?.ports.has(port) !== true)
    );
  }

  #count(service: ApiObject, by: 1 | -1): void {
    const { addresses, ports } = heldBy(service);
    for (const address of addresses) bump(this.#addresses, address, by);
    for (const port of ports) bump(this.#ports, port, by);
  }
}

function heldBy(service: ApiObject): { readonly addresses: readonly string[]; readonly ports: ReadonlySet<number> } {
  const spec = record(service["spec"]);
  const ports = new Set(portsOf(spec).map((port) => Number(text(port["nodePort"]))));
  ports.add(Number(text(spec["healthCheckNodePort"])));
  ports.delete(0);
  return { addresses: strings(spec["clusterIPs"]).filter((address) => address !== "None"), ports };
}

function bump<K>(counts: Map<K, number>, key: K, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
