import type { IpAddress } from "../ip/address.ts";
import { linkRefusal } from "../layer2/links.ts";
import { sameMac } from "../layer2/packet/ethernet.ts";
import { backoffDelay } from "../lib/backoff.ts";
import { seconds } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { FrameKind, Frames } from "../ports/frames.ts";
import type { Link } from "../ports/links.ts";
import type { Random } from "../ports/random.ts";
import { Place } from "./place.ts";
import type { Troubles } from "./troubles.ts";

export interface PlacesPorts {
  readonly frames: Frames;
  readonly clock: Clock;
  readonly random: Random;
  readonly troubles: Troubles;
  /** `frame` is valid during the call only. */
  readonly onFrame: (place: Place, frame: Uint8Array) => void;
  /** It is time to try again what failed: `sync` is to be called. */
  readonly onRetry: () => void;
}

const KINDS: readonly FrameKind[] = ["arp", "ndp"];
const REOPEN = { first: seconds(1), max: seconds(60) };

/**
 * The interfaces that layer 2 can use, and its sockets on them. Sockets are open only where an address is wanted, so
 * that an interface without IPv6 addresses to answer for has no socket that sees all of its IPv6 packets.
 */
export class Places {
  readonly #excluded: RegExp;
  readonly #ports: PlacesPorts;
  #places: ReadonlyMap<string, Place> = new Map();
  /** In the order of the links. */
  #byKind: Readonly<Record<FrameKind, readonly Place[]>> = { arp: [], ndp: [] };
  /** Places whose socket may not be what is wanted. */
  readonly #dirty = new Set<Place>();
  #timer: Timer | undefined;
  #failures = 0;

  constructor(excluded: RegExp, ports: PlacesPorts) {
    this.#excluded = excluded;
    this.#ports = ports;
  }

  /** Where requests of the kind can be answered. */
  of(kind: FrameKind): readonly Place[] {
    return this.#byKind[kind];
  }

  /** Returns what is new, still without addresses, and what is gone and closed. */
  setLinks(links: readonly Link[]): { readonly came: readonly Place[]; readonly gone: readonly Place[] } {
    const before = [...this.#places.values()];
    const next = new Map<string, Place>();
    for (const link of links) {
      for (const kind of KINDS) {
        if (linkRefusal(link, kind, this.#excluded) !== undefined) continue;
        const key = `${link.index} ${kind}`;
        const old = this.#places.get(key);
        next.set(key, old !== undefined && isSame(old, link) ? old : new Place(link, kind, link.mac!));
      }
    }
    this.#places = next;
    const now = [...next.values()];
    this.#byKind = { arp: now.filter(({ kind }) => kind === "arp"), ndp: now.filter(({ kind }) => kind === "ndp") };
    const [stays, was] = [new Set(now), new Set(before)];
    const gone = before.filter((place) => !stays.has(place));
    for (const place of gone) {
      place.close();
      this.#dirty.delete(place);
    }
    return { came: now.filter((place) => !was.has(place)), gone };
  }

  want(place: Place, address: IpAddress): void {
    place.want(address);
    this.#dirty.add(place);
  }

  unwant(place: Place, address: IpAddress): void {
    place.unwant(address);
    this.#dirty.add(place);
  }

  /** Opens, narrows and closes sockets, so that they are what is wanted. Returns the places whose socket is new. */
  sync(): readonly Place[] {
    const opened: Place[] = [];
    for (const place of this.#dirty) {
      const wasOpen = place.isOpen;
      if (!this.#isInOrder(place)) continue;
      this.#dirty.delete(place);
      if (place.isOpen && !wasOpen) opened.push(place);
    }
    this.#scheduleRetry();
    return opened;
  }

  close(): void {
    this.#timer?.cancel();
    for (const place of this.#places.values()) place.close();
  }

  /** Brings it in order; returns whether it is. */
  #isInOrder(place: Place): boolean {
    if (place.addresses.size === 0) {
      place.close();
      return true;
    }
    const { frames, troubles, onFrame } = this.#ports;
    const { link, kind } = place;
    const subject = `${link.index} ${kind}`;
    try {
      place.listen(() => frames.open(link, kind, (frame) => onFrame(place, frame)));
      troubles.over(subject);
      return true;
    } catch (error) {
      troubles.failed(subject, error, `${kind === "arp" ? "ARP" : "NDP"} on ${link.name}: `);
      return false;
    }
  }

  /** What is left to do has failed. */
  #scheduleRetry(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#dirty.size === 0) {
      this.#failures = 0;
      return;
    }
    const { clock, random, onRetry } = this.#ports;
    this.#timer = clock.after(backoffDelay(REOPEN, this.#failures++, random.next()), onRetry);
  }
}

/** A changed Ethernet address or name needs a new socket. */
function isSame({ link, mac }: Place, now: Link): boolean {
  return link.name === now.name && sameMac(mac, now.mac!);
}
