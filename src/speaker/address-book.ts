import type { IpAddress } from "../ip/address.ts";
import type { ObjectKey } from "../ports/kube.ts";
import { mostOften } from "../layer2/repeats.ts";
import { sameTerms } from "./announce-plan.ts";
import type { Announcement, WorkerCommand } from "./protocol.ts";

/** Where and how an address is announced. */
type Terms = Omit<Announcement, "address">;

/** How an address comes or goes. */
interface Move {
  takesOver: boolean;
  handover: boolean;
}

/**
 * Which Services hold which addresses, and what the worker was told. Services that share an address hold it together:
 * it is answered on the interfaces of all of them, announced again as often as any of them wants, and withdrawn when the last one lets go.
 */
export class AddressBook {
  readonly #holders = new Map<IpAddress, Map<ObjectKey, Terms>>();
  readonly #told = new Map<IpAddress, Terms>();
  readonly #touched = new Map<IpAddress, Move>();

  /** `takesOver`: another living node may answer for the address still. */
  hold(service: ObjectKey, address: IpAddress, terms: Terms, takesOver = false): void {
    const holders = this.#holders.get(address) ?? new Map<ObjectKey, Terms>();
    this.#holders.set(address, holders.set(service, terms));
    this.#move(address).takesOver ||= takesOver;
  }

  /** `handover`: another node is to own the address. */
  release(service: ObjectKey, address: IpAddress, handover = false): void {
    const holders = this.#holders.get(address);
    holders?.delete(service);
    if (holders?.size === 0) this.#holders.delete(address);
    this.#move(address).handover ||= handover;
  }

  /** All that are held. */
  addresses(): Iterable<IpAddress> {
    return this.#holders.keys();
  }

  holders(address: IpAddress): readonly ObjectKey[] {
    return [...(this.#holders.get(address)?.keys() ?? [])];
  }

  /** What brings the worker from what it was told last to what is held now. */
  commands(): readonly WorkerCommand[] {
    const commands = [...this.#touched].map(([address, move]) => this.#command(address, move));
    this.#touched.clear();
    return commands.filter((command) => command !== undefined);
  }

  #move(address: IpAddress): Move {
    let move = this.#touched.get(address);
    if (move === undefined) {
      move = { takesOver: false, handover: false };
      this.#touched.set(address, move);
    }
    return move;
  }

  #command(address: IpAddress, { takesOver, handover }: Move): WorkerCommand | undefined {
    const holders = this.#holders.get(address);
    const told = this.#told.get(address);
    if (holders === undefined) {
      if (!this.#told.delete(address)) return undefined;
      return { do: "withdraw", address, ...(handover ? { handover } : {}) };
    }
    const terms = union([...holders.values()]);
    if (told !== undefined && sameTerms(told, terms)) return undefined;
    this.#told.set(address, terms);
    const fresh = told === undefined && takesOver;
    return { do: "announce", announcement: { address, ...terms }, ...(fresh ? { takesOver } : {}) };
  }
}

function union(all: readonly Terms[]): Terms {
  const lists = all.map(({ interfaces }) => interfaces).filter((interfaces) => interfaces !== "all");
  const interfaces = lists.length < all.length ? "all" : [...new Set(lists.flat())].sort();
  const repeatEvery = mostOften(all.map((terms) => terms.repeatEvery));
  return repeatEvery === undefined ? { interfaces } : { interfaces, repeatEvery };
}
