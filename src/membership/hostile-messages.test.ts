import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../test/support/seeded-random.ts";
import { addressFromBytes } from "../ip/address.ts";
import { millis, seconds } from "../lib/duration.ts";
import type { MembershipEvent } from "./event.ts";
import { Membership } from "./membership.ts";
import type { Endpoint, MemberState, NamedEndpoint, PacketMessage, Versions } from "./message.ts";
import { FAST_LAN } from "./settings.ts";
import { encodeMessage } from "./wire/packet-message.ts";

const SELF: NamedEndpoint = { node: "us", address: addressFromBytes(Uint8Array.of(192, 0, 2, 1)), port: 7946 };

const byte = fc.integer({ min: 0, max: 255 });
const u32 = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constant(0xffff_ffff),
);
const node = fc.constantFrom("us", "", "n1", "n2", "n3", "ü".repeat(120));
const endpoint: fc.Arbitrary<Endpoint> = fc.record({
  address: fc.constantFrom(
    SELF.address,
    addressFromBytes(Uint8Array.of(192, 0, 2, 2)),
    addressFromBytes(new Uint8Array(16)),
  ),
  port: fc.constantFrom(0, 7946, 65_535),
});
const named = fc.tuple(endpoint, node).map(([place, node]): NamedEndpoint => ({ ...place, node }));
const versions: fc.Arbitrary<Versions> = fc.record({
  protocolMin: byte,
  protocolMax: byte,
  protocol: byte,
  delegateMin: byte,
  delegateMax: byte,
  delegate: byte,
});
const meta = fc.uint8Array({ maxLength: 512 });
const about = { node, incarnation: u32 };
const optional = { requiredKeys: ["type", "seq", "node"] as ["type", "seq", "node"] };

const message: fc.Arbitrary<PacketMessage> = fc.oneof(
  fc.record({ type: fc.constant("ping" as const), seq: u32, node, source: named }, optional),
  fc.record({
    type: fc.constant("indirect-ping" as const),
    seq: u32,
    target: named,
    nack: fc.boolean(),
    source: named,
  }),
  fc.record({ type: fc.constant("ack" as const), seq: u32, payload: meta }),
  fc.record({ type: fc.constant("nack" as const), seq: u32 }),
  fc.record({ type: fc.constantFrom("suspect" as const, "dead" as const), ...about, from: node }),
  fc.record({ type: fc.constant("alive" as const), ...about, endpoint, meta, versions }),
  fc.record({ type: fc.constant("user" as const), data: meta }),
);
const state: fc.Arbitrary<MemberState> = fc.record({
  ...about,
  endpoint,
  meta,
  status: fc.constantFrom("alive" as const, "suspect" as const, "dead" as const, "left" as const),
  versions,
});
const event: fc.Arbitrary<MembershipEvent> = fc.oneof(
  fc.record({ on: fc.constant("received" as const), from: endpoint, messages: fc.array(message, { maxLength: 8 }) }),
  fc.record({ on: fc.constant("exchanged" as const), id: u32, state: pushPull(fc.array(state, { maxLength: 8 })) }),
  fc.record({ on: fc.constant("exchange-failed" as const), id: u32 }),
  fc.record({ on: fc.constant("stream-ping-answered" as const), seq: u32 }),
  fc.record({ on: fc.constant("seeds-known" as const), seeds: fc.array(endpoint, { maxLength: 4 }) }),
  fc.record({ on: fc.constant("meta-changed" as const), meta }),
  fc.record({ on: fc.constant("leaving" as const), timeout: fc.constant(seconds(1)) }),
  fc.constant({ on: "woken" as const }),
);

function pushPull(members: fc.Arbitrary<MemberState[]>) {
  return fc.record({
    type: fc.constant("push-pull" as const),
    join: fc.boolean(),
    members,
    userState: fc.constant(new Uint8Array()),
  });
}

test("whatever is heard: no throw, no datagram that is too long, no wake-up in the past, and we stay who we are", () => {
  const steps = fc.array(fc.record({ event, wait: fc.integer({ min: 0, max: 2000 }) }), { maxLength: 40 });
  fc.assert(
    fc.property(steps, fc.integer(), (steps, seed) => {
      const sizeOf = (message: PacketMessage): number => encodeMessage(message).length;
      const random = seededRandom(seed);
      const core = new Membership({ self: SELF, settings: FAST_LAN, random, overhead: 45, sizeOf }, millis(0));
      let now = 0;
      let leaving = false;
      let incarnation = 0;
      for (const { event, wait } of steps) {
        now += wait;
        leaving ||= event.on === "leaving";
        for (const action of core.handle(event, millis(now))) {
          if (action.do !== "send") continue;
          const length = action.messages.reduce((sum, message) => sum + sizeOf(message) + 2, 2);
          expect(length).toBeLessThanOrEqual(FAST_LAN.udpBufferSize - 45);
        }
        expect(core.wakeAt).toBeGreaterThanOrEqual(now);
        const us = core.ourState().members.filter(({ node }) => node === "us");
        expect(us).toHaveLength(1);
        expect(us[0]?.endpoint).toEqual({ address: SELF.address, port: SELF.port });
        expect(us[0]?.status).toBe(leaving ? "left" : "alive");
        expect(us[0]?.incarnation).toBeGreaterThanOrEqual(incarnation);
        incarnation = us[0]!.incarnation;
      }
    }),
    { numRuns: 300 },
  );
});
