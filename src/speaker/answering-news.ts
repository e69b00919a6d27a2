import type { IpAddress } from "../ip/address.ts";
import type { Holding } from "./holding.ts";
import type { Places } from "./places.ts";
import type { WorkerEvent } from "./protocol.ts";

/** Tells the main thread on which interfaces each address is answered, whenever that changes. */
export class AnsweringNews {
  readonly #places: Pick<Places, "of">;
  readonly #emit: (event: WorkerEvent) => void;
  /** What was told last. */
  readonly #told = new Map<IpAddress, string>();
  /** Holdings whose interfaces may have changed since. */
  #touched = new Set<Holding>();

  constructor(places: Pick<Places, "of">, emit: (event: WorkerEvent) => void) {
    this.#places = places;
    this.#emit = emit;
  }

  touch(holding: Holding): void {
    this.#touched.add(holding);
  }

  /** Tells it the next time even if nothing has changed: the main thread thinks that it is gone. */
  again(holding: Holding): void {
    this.#told.delete(holding.address);
    this.#touched.add(holding);
  }

  gone(holding: Holding): void {
    const { address } = holding;
    this.#touched.delete(holding);
    if (this.#told.delete(address)) this.#emit({ on: "announcing", address, interfaces: [] });
  }

  tell(): void {
    const touched = this.#touched;
    this.#touched = new Set();
    for (const holding of touched) if (holding.phase.is !== "waiting") this.#tellOf(holding);
  }

  #tellOf({ address, kind, places }: Holding): void {
    const open = this.#places.of(kind).filter((place) => places.has(place) && place.isOpen);
    const interfaces = open.map(({ link, macText }) => ({ name: link.name, mac: macText }));
    const text = interfaces.map(({ name, mac }) => `${name} ${mac}`).join("\n");
    if (this.#told.get(address) === text) return;
    this.#told.set(address, text);
    this.#emit({ on: "announcing", address, interfaces });
  }
}
