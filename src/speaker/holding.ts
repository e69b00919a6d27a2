import { type IpAddress, familyOf } from "../ip/address.ts";
import { answersUntil } from "../layer2/handover.ts";
import type { Millis } from "../lib/duration.ts";
import type { FrameKind } from "../ports/frames.ts";
import type { Place } from "./place.ts";
import type { Announcement } from "./protocol.ts";

/**
 * - `waiting`: the node that had it may answer still, so we don't yet
 * - `owned`: ours
 * - `leaving`: to be another node's, for which we go on answering until it begins
 */
type Phase = { readonly is: "waiting" } | { readonly is: "owned" } | { readonly is: "leaving"; readonly since: Millis };

/** What the worker has to do with one address. */
export class Holding {
  readonly address: IpAddress;
  readonly kind: FrameKind;
  announcement: Announcement;
  phase: Phase = { is: "waiting" };
  /** When it was ours without a head start for anybody. */
  stoodInAt: Millis | undefined;
  /** Where it is listened for. */
  readonly places = new Set<Place>();
  /** When another station was last heard to claim it, by place. */
  readonly #claims = new Map<Place, Millis>();

  constructor(announcement: Announcement) {
    this.address = announcement.address;
    this.kind = familyOf(announcement.address) === "IPv4" ? "arp" : "ndp";
    this.announcement = announcement;
  }

  isFor(place: Place): boolean {
    const { interfaces } = this.announcement;
    return place.kind === this.kind && (interfaces === "all" || interfaces.includes(place.link.name));
  }

  /** Whether requests on a place of its own are answered. */
  answersOn(place: Place, now: Millis): boolean {
    if (this.phase.is !== "leaving") return this.phase.is === "owned";
    const { since } = this.phase;
    return now < answersUntil({ since, claimedAt: this.#claims.get(place), stoodInAt: this.stoodInAt });
  }

  /** Whether requests are answered anywhere. */
  answers(now: Millis): boolean {
    for (const place of this.places) if (this.answersOn(place, now)) return true;
    return false;
  }

  /** Whether the new owner was heard of while we were leaving. */
  isTaken(now: Millis): boolean {
    if (this.phase.is !== "leaving") return false;
    for (const place of this.places) if (!this.answersOn(place, now)) return true;
    return this.places.size === 0;
  }

  claimed(place: Place, now: Millis): void {
    this.#claims.set(place, now);
  }

  /** The place is gone, or none of its own any more. */
  leave(place: Place): void {
    this.places.delete(place);
    this.#claims.delete(place);
  }
}
