import { beforeEach, expect, test } from "vitest";
import { parseAddress } from "../ip/address.ts";
import { millis, seconds } from "../lib/duration.ts";
import type { MemberState } from "../membership/message.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import type { WorkerEvent } from "./protocol.ts";
import { RosterTeller } from "./roster-teller.ts";

let clock: ManualClock;
let told: WorkerEvent[];
let members: MemberState[];
let teller: RosterTeller;

beforeEach(() => {
  clock = new ManualClock();
  told = [];
  members = [];
  teller = new RosterTeller(
    clock,
    () => members,
    (event) => void told.push(event),
  );
});

function member(node: string, address: string, status: MemberState["status"]): MemberState {
  const endpoint = { address: parseAddress(address)!, port: 7946 };
  return { node, endpoint, meta: new Uint8Array(), incarnation: 1, status };
}

function pass(time: number): void {
  clock.advance(millis(time));
}

test("tells everybody with state and address, as they are when it tells", () => {
  teller.changed();
  members = [member("a", "192.0.2.1", "alive"), member("b", "2001:db8::2", "suspect")];
  pass(0);
  expect(told).toEqual([
    {
      on: "roster",
      members: [
        { node: "a", address: "192.0.2.1", state: "alive" },
        { node: "b", address: "2001:db8::2", state: "suspect" },
      ],
      refused: [],
    },
  ]);
});

test("tells of the first change at once, and of many others once a second", () => {
  teller.changed();
  pass(0);
  for (let i = 0; i < 50; i++) {
    teller.changed();
    pass(50);
  }
  expect(told).toHaveLength(3);
  pass(1000);
  expect(told).toHaveLength(4);
  pass(seconds(60));
  expect(told).toHaveLength(4);
  teller.changed();
  pass(0);
  expect(told).toHaveLength(5);
});

test("counts what was refused by reason, each time once", () => {
  for (const reason of ["encrypted", "malformed", "encrypted"] as const) teller.refused(reason);
  pass(0);
  teller.refused("malformed");
  pass(1000);
  expect(told.map((event) => event.on === "roster" && event.refused)).toEqual([
    [
      { reason: "encrypted", times: 2 },
      { reason: "malformed", times: 1 },
    ],
    [{ reason: "malformed", times: 1 }],
  ]);
});

test("tells nothing more when closed", () => {
  teller.changed();
  teller.close();
  teller.refused("malformed");
  pass(seconds(5));
  expect([told, clock.pending]).toEqual([[], 0]);
});
