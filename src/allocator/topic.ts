import type { IpAddress } from "../ip/address.ts";
import type { Family } from "../ip/family.ts";
import type { FamilySpace } from "./family-space.ts";
import type { SharingTerms } from "./request.ts";

/** Names something a Service can wait for: that an address becomes free in a pool, that sharing becomes possible, … */
export type Topic = string;

/** Something that changed and that somebody may have waited for. */
export interface Change {
  readonly topics: readonly Topic[];
  /** When addresses became free: where they are. Once they are taken again, nobody else needs to be tried. */
  readonly freed?: FamilySpace;
  /** When it became possible to share an address: which. Who can't be on it needs not be tried. */
  readonly joinable?: IpAddress;
}

/**
 * In place of a pool's name: any of the pools that give addresses to everybody. So those who wait for these, who may be
 * many, wait for one thing, however many pools there are.
 */
export const EVERYBODYS_POOLS = "*";

/** An address of the pool became free. */
export function freeTopic(pool: string, family: Family): Topic {
  return `free ${family} ${pool}`;
}

/** Another address of the pool is shared on these terms, or ports on one that is became free. */
export function shareTopic(pool: string, family: Family, terms: SharingTerms): Topic {
  return `share ${family} ${pool} ${groupKey(terms)}`;
}

/** Somebody came to the address, left it, or is on it on other terms. Who comes may change whom a refusal names. */
export function addressTopic(address: IpAddress): Topic {
  return `address ${address}`;
}

/** One text for a sharing key and a backend key; JSON keeps them apart whatever they contain. */
export function groupKey(terms: SharingTerms): string {
  return JSON.stringify([terms.sharingKey, terms.backendKey]);
}
