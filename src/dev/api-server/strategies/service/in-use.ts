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

  #count(service: ApiObject, by: 1 | -1): void {
    const spec = record(service["spec"]);
    for (const address of strings(spec["clusterIPs"])) if (address !== "None") bump(this.#addresses, address, by);
    const own = new Set(portsOf(spec).map((port) => Number(text(port["nodePort"]))));
    own.add(Number(text(spec["healthCheckNodePort"])));
    for (const port of own) if (port > 0) bump(this.#ports, port, by);
  }
}

function bump<K>(counts: Map<K, number>, key: K, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
