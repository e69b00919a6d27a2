/**
 * What to do when somebody else says that an address of ours is theirs (RFC 5227 §2.4). Pure; the time is given.
 *
 * The rule: who owns an address is decided by the cluster's state, not by who announces it louder. So a conflict is
 * reported, the address is defended with one announcement at most every ten seconds (§2.4 (b)), and we go on answering
 * for it until the cluster gives it to another node.
 */
import type { IpAddress } from "../ip/address.ts";
import { formatMac } from "../ip/mac.ts";
import { type Millis, millis, seconds } from "../lib/duration.ts";

/** A frame said that `address` is at `mac`. */
export interface Claim {
  readonly address: IpAddress;
  readonly mac: Uint8Array;
}

/** A claim that stood: we owned the address before it, and still did two seconds later. */
export interface Conflict {
  readonly address: IpAddress;
  /** Who claims it, as text. */
  readonly mac: string;
  /** Where it was heard. */
  readonly interface: string;
  /** Not reported before, or so long ago that people should hear of it again. */
  readonly isNews: boolean;
  /** Whether one announcement is to be sent now. */
  readonly defend: boolean;
}

/**
 * In a move, the old and the new owner may both announce for as long as one of them hears of it later than the other. Claims
 * don't count this soon after an address was gained; and when it is lost this soon after a claim, the claim was right.
 */
export const SETTLING: Millis = seconds(2);

/** RFC 5227 §1.1, DEFEND_INTERVAL. */
export const DEFEND_INTERVAL: Millis = seconds(10);

/** A claimant that was silent for this long is news when it comes back. */
const FORGOTTEN_AFTER: Millis = seconds(600);

/** Claimants that are reported for one address; a flood of invented ones must not fill memory, or the log. */
const MOST_CLAIMANTS = 8;

interface Ownership {
  since: Millis;
  defended: Millis | undefined;
  /** When each claimant was heard last, by MAC and interface. */
  readonly claimants: Map<string, Millis>;
}

interface PendingClaim {
  readonly mac: string;
  readonly interface: string;
  readonly due: Millis;
}

export class Conflicts {
  readonly #owned = new Map<IpAddress, Ownership>();
  /** In the order in which they are due: all wait equally long. */
  readonly #pending = new Map<IpAddress, PendingClaim>();
  #ownMacs: ReadonlySet<string> = new Set();

  /** The MACs of all interfaces of this node; what they say is no conflict. */
  setOwnMacs(macs: Iterable<Uint8Array>): void {
    this.#ownMacs = new Set([...macs].map(formatMac));
  }

  isOwn(mac: Uint8Array): boolean {
    return this.#ownMacs.has(formatMac(mac));
  }

  /** We answer for the address from now on. */
  gained(address: IpAddress, now: Millis): void {
    this.#owned.set(address, { since: now, defended: undefined, claimants: new Map() });
    this.#pending.delete(address);
  }

  lost(address: IpAddress): void {
    this.#owned.delete(address);
    this.#pending.delete(address);
  }

  /** Notes a claim, unless one for the address is waiting already. */
  hear({ address, mac }: Claim, on: string, now: Millis): void {
    const ownership = this.#owned.get(address);
    if (ownership === undefined || this.#pending.has(address) || now - ownership.since < SETTLING) return;
    if (this.isOwn(mac)) return;
    this.#pending.set(address, { mac: formatMac(mac), interface: on, due: millis(now + SETTLING) });
  }

  /** When `take` has something to return next; undefined: not before another claim is heard. */
  get due(): Millis | undefined {
    const [first] = this.#pending.values();
    return first?.due;
  }

  /** The conflicts that are due. */
  take(now: Millis): readonly Conflict[] {
    const taken: Conflict[] = [];
    for (const [address, claim] of this.#pending) {
      if (claim.due > now) break;
      this.#pending.delete(address);
      const ownership = this.#owned.get(address)!;
      const { mac, interface: on } = claim;
      const defend = ownership.defended === undefined || now - ownership.defended >= DEFEND_INTERVAL;
      if (defend) ownership.defended = now;
      taken.push({ address, mac, interface: on, isNews: noteClaimant(ownership, `${mac} ${on}`, now), defend });
    }
    return taken;
  }
}

/** Returns whether the claimant is to be reported. */
function noteClaimant({ claimants }: Ownership, claimant: string, now: Millis): boolean {
  for (const [other, heard] of claimants) if (now - heard >= FORGOTTEN_AFTER) claimants.delete(other);
  const known = claimants.has(claimant);
  if (!known && claimants.size >= MOST_CLAIMANTS) return false;
  claimants.set(claimant, now);
  return !known;
}
