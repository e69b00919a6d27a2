import { describe, expect, test } from "vitest";
import { advertisement, arpRequest, CLIENT, solicitation } from "../../test/support/request-frames.ts";
import { formatAddress, type IpAddress } from "../ip/address.ts";
import { parseMac } from "../ip/mac.ts";
import { type DropReason, respondToArp, respondToNdp, type Standing, type Station } from "./responder.ts";

/** Frames that ask where an address is (ARP requests, neighbour solicitations), and that say so (replies, advertisements). */
type Direction = "asks" | "tells";

const OUR_MAC = "02:00:00:00:00:01";
const OTHER_MAC = "02:00:00:00:00:77";
const GROUP = "01:00:5e:00:00:01";
const NOBODY = "00:00:00:00:00:00";
const STANDINGS: Readonly<Record<string, Standing>> = {
  "10.9.0.100": "announced",
  "fd09::100": "announced",
  "10.9.0.101": "other-interface",
  "fd09::101": "other-interface",
};
const station: Station = {
  mac: parseMac(OUR_MAC)!,
  standing: (address: IpAddress) => STANDINGS[formatAddress(address)] ?? "not-announced",
};

/** An ARP frame about an address of ours, but for what is given. */
const arp = (direction: Direction, more: Partial<Parameters<typeof arpRequest>[0]> = {}) =>
  direction === "asks"
    ? arpRequest({ target: "10.9.0.100", ...more })
    : arpRequest({ target: CLIENT.v4, senderIp: "10.9.0.100", operation: 2, ...more });

const cut = (frame: Uint8Array) => frame.subarray(0, frame.length - 1);
const withTag = (frame: Uint8Array) => Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, 0, 5, ...frame.subarray(12));

interface Rows {
  readonly arp: Readonly<Record<string, Uint8Array>>;
  readonly ndp: Readonly<Record<string, Uint8Array>>;
}

/** Frames that are dropped for each reason there is. What tells is never answered, so it has two reasons only. */
const ASKS: { readonly [R in DropReason]: Rows } = {
  malformed: {
    arp: {
      "cut short": cut(arp("asks")),
      "of a VLAN": withTag(arp("asks")),
      "a neighbour solicitation": solicitation({ target: "fd09::100" }),
      empty: new Uint8Array(),
    },
    ndp: {
      "cut short": cut(solicitation({ target: "fd09::100" })),
      "of a VLAN": withTag(solicitation({ target: "fd09::100" })),
      "an ARP request": arp("asks"),
      forwarded: solicitation({ target: "fd09::100", hopLimit: 254 }),
      "a wrong checksum": solicitation({ target: "fd09::100", checksum: 0x1234 }),
      "a group as its target": solicitation({ target: "ff02::1" }),
      "a router solicitation": solicitation({ target: "fd09::100", type: "8500" }),
      "another code": solicitation({ target: "fd09::100", type: "8701" }),
      "an option of length 0": solicitation({ target: "fd09::100", options: "0100020000000009" }),
      "a probe with an address": solicitation({ target: "fd09::100", source: "::", options: "0101020000000009" }),
      "a probe to the address": solicitation({ target: "fd09::100", source: "::", destination: "fd09::100" }),
    },
  },
  "not-request": {
    arp: { "RARP (RFC 903)": arp("asks", { operation: 3 }), "operation 0": arp("asks", { operation: 0 }) },
    ndp: {
      "an advertisement, as whatever else is no solicitation is malformed": advertisement({ target: "fd09::100" }),
    },
  },
  "not-for-us": {
    arp: {
      "to another station": arp("asks", { destination: OTHER_MAC }),
      "to a group": arp("asks", { destination: GROUP }),
    },
    ndp: { "to another station": solicitation({ target: "fd09::100", destinationMac: OTHER_MAC }) },
  },
  "own-frame": {
    arp: { "from ourselves": arp("asks", { senderMac: OUR_MAC }) },
    ndp: { "from ourselves": solicitation({ target: "fd09::100", sourceMac: OUR_MAC }) },
  },
  "bad-sender": {
    arp: {
      "everybody asks": arp("asks", { senderMac: "ff:ff:ff:ff:ff:ff" }),
      "a group asks": arp("asks", { senderMac: GROUP }),
      "nobody asks": arp("asks", { senderMac: NOBODY }),
    },
    ndp: {
      "everybody asks": solicitation({ target: "fd09::100", options: "0101ffffffffffff" }),
      "a group asks": solicitation({ target: "fd09::100", options: "010101005e000001" }),
      "nobody asks": solicitation({ target: "fd09::100", options: "0101000000000000" }),
      "nobody's frame asks": solicitation({ target: "fd09::100", sourceMac: NOBODY, options: "" }),
      "from a multicast address": solicitation({ target: "fd09::100", source: "ff02::1" }),
    },
  },
  "not-announced": {
    arp: { "a foreign address": arp("asks", { target: "10.9.0.102" }) },
    ndp: { "a foreign address": solicitation({ target: "fd09::102" }) },
  },
  "other-interface": {
    arp: { "ours, on another interface": arp("asks", { target: "10.9.0.101" }) },
    ndp: { "ours, on another interface": solicitation({ target: "fd09::101" }) },
  },
};

const TELLS: { readonly [R in "malformed" | "not-request"]: Rows } = {
  malformed: {
    arp: { "cut short": cut(arp("tells")), "of a VLAN": withTag(arp("tells")) },
    ndp: {
      "cut short": cut(advertisement({ target: "fd09::100" })),
      "of a VLAN": withTag(advertisement({ target: "fd09::100" })),
      "an option of length 0": advertisement({ target: "fd09::100", options: "0200020000000009" }),
    },
  },
  "not-request": {
    arp: {
      "to everybody": arp("tells"),
      "to us": arp("tells", { destination: OUR_MAC }),
      "to another station": arp("tells", { destination: OTHER_MAC }),
      "from ourselves": arp("tells", { senderMac: OUR_MAC }),
      "from a group": arp("tells", { senderMac: GROUP }),
      "about a foreign address": arp("tells", { senderIp: "10.9.0.102" }),
      "about one of another interface": arp("tells", { senderIp: "10.9.0.101" }),
    },
    ndp: {
      "to everybody": advertisement({ target: "fd09::100" }),
      "from ourselves": advertisement({ target: "fd09::100", mac: OUR_MAC }),
      "from a group": advertisement({ target: "fd09::100", options: "020101005e000001" }),
      "without an address": advertisement({ target: "fd09::100", options: "" }),
      "about a foreign address": advertisement({ target: "fd09::102" }),
      "about one of another interface": advertisement({ target: "fd09::101" }),
    },
  },
};

const tables: readonly { readonly direction: Direction; readonly rows: Readonly<Record<string, Rows>> }[] = [
  { direction: "asks", rows: ASKS },
  { direction: "tells", rows: TELLS },
];

describe.each(tables)("a frame that $direction", ({ rows }) => {
  describe.each(Object.entries(rows))("%s", (reason, { arp: arpFrames, ndp: ndpFrames }) => {
    test.each(Object.entries(arpFrames))("ARP: %s", (_, frame) => {
      expect(respondToArp(frame, station)).toMatchObject({ kind: "drop", reason });
    });

    test.each(Object.entries(ndpFrames))("neighbour discovery: %s", (_, frame) => {
      expect(respondToNdp(frame, station)).toMatchObject({ kind: "drop", reason });
    });
  });
});

test("without any of these faults they are answered", () => {
  expect(respondToArp(arp("asks"), station).kind).toBe("reply");
  expect(respondToNdp(solicitation({ target: "fd09::100" }), station).kind).toBe("reply");
});
