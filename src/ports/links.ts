import type { IpAddress } from "../ip/address.ts";
import type { MacAddress } from "../ip/mac.ts";

/** A network interface as the kernel reports it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly mac: MacAddress | undefined;
  /** IFF_UP */
  readonly up: boolean;
  /** IFF_RUNNING: frames can pass, since there is a carrier and nothing holds the interface back. */
  readonly running: boolean;
  /** IFF_BROADCAST */
  readonly broadcast: boolean;
  /** IFF_NOARP */
  readonly noArp: boolean;
  /** Enslaved to a bridge, bond or VRF. */
  readonly hasMaster: boolean;
  readonly addresses: readonly { readonly address: IpAddress; readonly prefixLength: number }[];
}

/** The interfaces of this network namespace. */
export interface Links {
  /**
   * Calls `onChange` with all links at once, then again after every change. Bursts may be coalesced, but the last
   * state is always delivered. Errors of the kernel socket are reported through `onError` and healed by a new dump.
   */
  watch(onChange: (links: readonly Link[]) => void, onError: (error: Error) => void): { close(): void };
}
