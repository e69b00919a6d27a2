import type { IpAddress } from "../ip/address.ts";
import type { Link } from "./links.ts";

/** What a frame socket listens for: ARP, or ICMPv6 neighbour solicitations and advertisements with hop limit 255. */
export type FrameKind = "arp" | "ndp";

export interface FrameSocket {
  /** Sends one whole Ethernet frame. Returns false, and never throws, when the kernel refuses it. */
  send(frame: Uint8Array): boolean;
  /**
   * Changes what is received: requests whose target is one of the addresses, and frames that say where one is; at first
   * there are none. The kernel sorts out the rest where it can, but a superset may be delivered, so the receiver checks
   * the addresses itself. For "ndp" it also joins and leaves the solicited-node groups. Called once for many changes,
   * since the kernel may need all addresses anew for any of them.
   */
  listenFor(added: readonly IpAddress[], removed?: readonly IpAddress[]): void;
  close(): void;
}

/** Ethernet frames of one kind on one link. */
export interface Frames {
  /**
   * Finds out, before there is anything to announce, whether this process can have sockets at all. Throws
   * EnvironmentError as `open` does.
   */
  probe(): void;
  /**
   * `onFrame` gets a view that is valid only during the call. Throws EnvironmentError when the socket can't be had
   * (code `no-addon`, `no-permission`, `no-link`, …).
   */
  open(link: Link, kind: FrameKind, onFrame: (frame: Uint8Array) => void): FrameSocket;
}
