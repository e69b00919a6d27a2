import { TestNetwork } from "../../support/netns.ts";
import type { PeerPlan } from "../../../src/dev/lab/router-plan.ts";
import type { PlacedRouter } from "../../support/routers/router.ts";
import type { BenchPeer } from "./node-speaker.ts";

export const SENDER_ASN = 64_512;
export const SENDER_IPV6 = "fd09::1:1";
const RECEIVER_ASN = 64_513;
export const INTERFACE = "veth0";
const PORT = 179;
/** Long enough for whoever is busy with a table. */
const HOLD_TIME = 180;

/** A sender and a receiver on one cable, with a pair of addresses for each session, and a namespace that feeds the sender. */
export class BenchLink {
  readonly network = new TestNetwork();
  readonly sender: string;
  readonly receiver: string;
  readonly feed: string;
  readonly sessions: number;

  constructor(sessions = 1) {
    this.sessions = sessions;
    this.sender = this.network.namespace("sender");
    this.receiver = this.network.namespace("receiver");
    this.feed = this.network.namespace("feed");
    this.network.cable([this.sender, INTERFACE], [this.receiver, INTERFACE]);
    this.network.cable([this.sender, "veth1"], [this.feed, INTERFACE]);
    for (let i = 0; i < sessions; i++) {
      const { address, local } = this.#ends(i);
      this.network.address(this.sender, INTERFACE, `${local}/16`);
      this.network.address(this.receiver, INTERFACE, `${address}/16`);
    }
    this.network.address(this.sender, INTERFACE, `${SENDER_IPV6}/64`);
    this.network.address(this.receiver, INTERFACE, "fd09::1/64");
    this.network.address(this.sender, "veth1", "10.8.0.1/24");
    this.network.address(this.sender, "veth1", "fd08::1/64");
    this.network.address(this.feed, INTERFACE, "10.8.0.2/24");
    this.network.address(this.feed, INTERFACE, "fd08::2/64");
  }

  /** Of a speaker of ours as the sender. */
  benchPeers(): readonly BenchPeer[] {
    return this.#all().map(({ address, local }, i) => ({
      name: `peer-${i}`,
      address,
      local,
      myAsn: SENDER_ASN,
      asn: RECEIVER_ASN,
    }));
  }

  /** Of a speaker of ours that feeds the sender over an internal session. */
  feedPeer(): BenchPeer {
    return { name: "sender", address: "10.8.0.1", local: "10.8.0.2", myAsn: SENDER_ASN, asn: SENDER_ASN };
  }

  /** The sender's end of that session. */
  feedPlan(): PeerPlan {
    return { address: "10.8.0.2", local: "10.8.0.1", asn: SENDER_ASN, holdTime: HOLD_TIME };
  }

  /** Of a router as the sender, which dials. */
  senderPeers(): readonly PeerPlan[] {
    return this.#all().map(({ address, local }) => ({
      address,
      local,
      asn: RECEIVER_ASN,
      dials: PORT,
      holdTime: HOLD_TIME,
    }));
  }

  /** Of the receiver, which waits to be dialled. */
  receiverPlan(): PlacedRouter {
    const peers = this.#all().map(({ address, local }) => ({
      address: local,
      local: address,
      asn: SENDER_ASN,
      holdTime: HOLD_TIME,
    }));
    return { namespace: this.receiver, asn: RECEIVER_ASN, routerId: "10.9.0.1", peers, tableOnly: true };
  }

  close(): void {
    this.network.close();
  }

  #all(): readonly { readonly address: string; readonly local: string }[] {
    return Array.from({ length: this.sessions }, (_, i) => this.#ends(i));
  }

  #ends(session: number): { readonly address: string; readonly local: string } {
    return { address: `10.9.0.${session + 1}`, local: `10.9.1.${session + 1}` };
  }
}
