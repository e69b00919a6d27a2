import type { Family } from "../../ip/family.ts";
import { concatBytes } from "../../bytes/concat.ts";
import { afiOf, SAFI } from "../../bgp/address-family.ts";
import { ROUTE_REFRESH_SUBTYPE } from "../../bgp/message.ts";
import type { PeerRib } from "../../bgp/rib/peer-rib.ts";
import type { RouteGroup } from "../../bgp/route-changes.ts";
import { encode } from "../../bgp/wire/encode.ts";
import { encodeUpdates } from "../../bgp/wire/encode-updates.ts";
import type { PeerConnection } from "./peer-connection.ts";

/** With more than this waiting, no UPDATE is made: what changes meanwhile is told once, as it is in the end. */
const FULL = 256 * 1024;
/** Handed to the system at once. */
const CHUNK = 64 * 1024;

/** Sends the difference between what the peer is to know and what it was told, as fast as the peer takes it. */
export class UpdateSender {
  readonly #rib: PeerRib;
  readonly #connection: PeerConnection;
  readonly #onTooLong: (group: RouteGroup) => void;
  /** Families that the peer asked for and wants bracketed (RFC 7313 §4). */
  readonly #bracketed = new Set<Family>();
  /** Messages that were made and not written, and the first of them. */
  #messages: readonly Uint8Array[] = [];
  #first = 0;

  constructor(rib: PeerRib, connection: PeerConnection, onTooLong: (group: RouteGroup) => void) {
    this.#rib = rib;
    this.#connection = connection;
    this.#onTooLong = onTooLong;
  }

  refresh(family: Family, enhanced: boolean): void {
    if (enhanced) this.#bracketed.add(family);
    this.#rib.refresh(family);
  }

  /** Sends what may be sent now. Returns how many UPDATEs these are. */
  flush(): number {
    let count = 0;
    while (this.#connection.buffered < FULL && (this.#first < this.#messages.length || this.#rib.pending)) {
      if (this.#first === this.#messages.length) this.#make();
      count += this.#write();
    }
    return count;
  }

  #make(): void {
    const output = this.#rib.take();
    const { options } = this.#connection;
    const { messages, tooLong } = encodeUpdates(output, options);
    for (const group of tooLong) this.#onTooLong(group);
    const bracketed = output.refreshed.filter((family) => this.#bracketed.delete(family));
    const bracket = (subtype: number): Uint8Array[] =>
      bracketed.map((family) =>
        encode({ type: "route-refresh", afi: afiOf(family), safi: SAFI.UNICAST, subtype }, options),
      );
    const ends = output.endOfRib.map((family) => encode(endOfRib(family), options));
    const { BEGIN, END } = ROUTE_REFRESH_SUBTYPE;
    this.#messages = [...bracket(BEGIN), ...messages, ...bracket(END), ...ends];
    this.#first = 0;
  }

  #write(): number {
    const from = this.#first;
    let size = 0;
    while (this.#first < this.#messages.length && size < CHUNK) size += this.#messages[this.#first++]!.length;
    const chunk = this.#messages.slice(from, this.#first);
    if (chunk.length > 0) this.#connection.write(chunk.length === 1 ? chunk[0]! : concatBytes(chunk));
    return chunk.length;
  }
}

function endOfRib(family: Family): {
  readonly type: "update";
  readonly withdrawn: readonly [];
  readonly announced: readonly [];
  readonly endOfRib: Family;
} {
  return { type: "update", withdrawn: [], announced: [], endOfRib: family };
}
