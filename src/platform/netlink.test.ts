import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hex } from "../bytes/hex.ts";
import { formatAddress } from "../ip/address.ts";
import { formatMac } from "../ip/mac.ts";
import { decodeNetlink, DUMP, encodeDump, type NetlinkMessage } from "./netlink.ts";

/** Datagrams of a real kernel by section; see the folder's README. */
function golden(section: string): Uint8Array[] {
  const file = join(import.meta.dirname, "../../test/golden/netlink/linux-6.18.txt");
  const text = readFileSync(file, "utf8").split(`# ${section}\n`)[1]!.split("\n#")[0]!;
  return text
    .trim()
    .split("\n")
    .map((line) => hex`${line}`);
}

/** A message in words, for tables. */
function words(message: NetlinkMessage): string {
  switch (message.kind) {
    case "link": {
      const { index, name, flags, mac, hasMaster } = message.link;
      return `${index} ${name} 0x${flags.toString(16)} ${mac && formatMac(mac)}${hasMaster ? " enslaved" : ""}`;
    }
    case "address":
    case "address-gone": {
      const { linkIndex, address, prefixLength } = message.entry;
      return `${message.kind} ${linkIndex} ${formatAddress(address)}/${prefixLength}`;
    }
    case "link-gone":
      return `gone ${message.index}`;
    case "done":
    case "interrupted":
    case "error":
    case "malformed":
      return JSON.stringify(message);
  }
}

const decodeAll = (datagrams: readonly Uint8Array[]): string[] =>
  datagrams.flatMap((datagram) => decodeNetlink(datagram).map(words));

describe("a real kernel's datagrams", () => {
  test("links", () => {
    expect(decodeAll(golden("dump of links"))).toEqual([
      "1 lo 0x10049 00:00:00:00:00:00",
      "2 veth0 0x11043 02:00:00:00:00:01",
      "3 br0 0x1002 d2:60:53:6d:90:9a",
      '{"kind":"done","sequence":1}',
    ]);
  });

  test("addresses: of a point-to-point pair the own one, not the peer's", () => {
    expect(decodeAll(golden("dump of addresses"))).toEqual([
      "address 1 127.0.0.1/8",
      "address 2 10.9.0.1/24",
      "address 2 10.9.0.5/32",
      "address 1 ::1/128",
      "address 2 fd09::1/64",
      "address 2 fe80::ff:fe00:1/64",
      '{"kind":"done","sequence":2}',
      "address 2 fe80::ff:fe00:1/64",
    ]);
  });

  test("events: what a bridge says about its ports is not taken for the links themselves", () => {
    expect(decodeAll(golden("events"))).toEqual([
      "2 veth0 0x11043 02:00:00:00:00:01 enslaved",
      "2 veth0 0x11043 02:00:00:00:00:01 enslaved",
      "3 br0 0x1002 d2:60:53:6d:90:9a",
      "3 br0 0x1002 02:00:00:00:00:01",
      "2 veth0 0x11043 02:00:00:00:00:01 enslaved",
      "2 veth0 0x11043 02:00:00:00:00:01",
      "3 br0 0x1002 00:00:00:00:00:00",
      "3 br0 0x1002 00:00:00:00:00:00",
      "address-gone 2 fd09::1/64",
      "2 veth0 0x1002 02:00:00:00:00:01",
      "address-gone 2 fe80::ff:fe00:1/64",
      "address-gone 2 10.9.0.1/24",
      "address-gone 2 10.9.0.5/32",
      "gone 2",
    ]);
  });
});

test("requests are what ip(8) sends", () => {
  expect(encodeDump(DUMP.links, 7)).toEqual(hex`
    20000000 1200 0103 07000000 00000000   // length, RTM_GETLINK, REQUEST|DUMP, sequence, port
    00 00 0000 00000000 00000000 00000000  // family, padding, type, index, flags, change
  `);
  expect(encodeDump(DUMP.addresses, 8)).toEqual(hex`
    18000000 1600 0103 08000000 00000000   // length, RTM_GETADDR, REQUEST|DUMP, sequence, port
    00 00 00 00 00000000                   // family, prefix length, flags, scope, index
  `);
});

const HEADER = { newLink: "1000 0000 00000000 00000000", newAddress: "1400 0000 00000000 00000000" };
const LINK_2 = "00 00 0100 02000000 43100000 00000000"; // family, padding, type, index, flags, change

describe("single messages", () => {
  test.each([
    {
      why: "a link whose hardware address is no MAC",
      bytes: hex`30000000 ${HEADER.newLink} ${LINK_2} 0800 0300 69 70 30 00 0800 0100 0a000001`,
      want: ["2 ip0 0x1043 undefined"],
    },
    {
      why: "a wireless event, which names the link and nothing else",
      bytes: hex`30000000 ${HEADER.newLink} ${LINK_2} 0800 0300 77 6c 30 00 0800 0b00 00000000`,
      want: [],
    },
    {
      why: "an interrupted dump",
      bytes: hex`14000000 0300 1200 05000000 00000000 00000000`,
      want: ['{"kind":"interrupted"}', '{"kind":"done","sequence":5}'],
    },
    {
      why: "a dump that failed at its end",
      bytes: hex`14000000 0300 0200 05000000 00000000 f4ffffff`,
      want: ['{"kind":"error","sequence":5,"negativeErrno":-12}'],
    },
    {
      why: "a refused request",
      bytes: hex`24000000 0200 0000 06000000 00000000 f0ffffff 00000000 00000000 00000000 00000000`,
      want: ['{"kind":"error","sequence":6,"negativeErrno":-16}'],
    },
    { why: "a message of another kind", bytes: hex`10000000 1800 0000 00000000 00000000`, want: [] },
    { why: "an address of another family", bytes: hex`18000000 ${HEADER.newAddress} 07 08 00 00 02000000`, want: [] },
  ])("$why", ({ bytes, want }) => {
    expect(decodeAll([bytes])).toEqual(want);
  });
});

describe("what breaks the rules is named", () => {
  test.each([
    { why: "half a header", bytes: hex`10000000 1000`, reason: "a message of 0 bytes where 6 are left" },
    {
      why: "a length shorter than a header, which would loop for ever",
      bytes: hex`00000000 1000 0000 00000000 00000000`,
      reason: "a message of 0 bytes where 16 are left",
    },
    {
      why: "a length beyond the datagram",
      bytes: hex`ffffffff ${HEADER.newLink}`,
      reason: "a message of 4294967295 bytes where 16 are left",
    },
    { why: "a link without its fixed part", bytes: hex`10000000 ${HEADER.newLink}`, reason: "a truncated link" },
    { why: "a link without a name", bytes: hex`20000000 ${HEADER.newLink} ${LINK_2}`, reason: "link 2" },
    {
      why: "an attribute longer than the message",
      bytes: hex`28000000 ${HEADER.newLink} ${LINK_2} ff00 0300 65 74 68 00`,
      reason: "link 2",
    },
    {
      why: "an attribute shorter than its header",
      bytes: hex`28000000 ${HEADER.newLink} ${LINK_2} 0000 0300 65 74 68 00`,
      reason: "link 2",
    },
    {
      why: "an address without its fixed part",
      bytes: hex`10000000 ${HEADER.newAddress}`,
      reason: "a truncated address",
    },
    {
      why: "an IPv4 address of 16 bytes",
      bytes: hex`2c000000 ${HEADER.newAddress} 02 18 00 00 02000000 1400 0100 fd090000 00000000 00000000 00000001`,
      reason: "an address of link 2",
    },
    {
      why: "an IPv6 prefix of 129 bits",
      bytes: hex`2c000000 ${HEADER.newAddress} 0a 81 00 00 02000000 1400 0100 fd090000 00000000 00000000 00000001`,
      reason: "an address of link 2",
    },
    {
      why: "an error without its number",
      bytes: hex`10000000 0200 0000 06000000 00000000`,
      reason: "a result without its number",
    },
  ])("$why", ({ bytes, reason }) => {
    expect(decodeNetlink(bytes)).toEqual([{ kind: "malformed", reason }]);
  });
});

describe("any bytes", () => {
  const real = ["dump of links", "dump of addresses", "events"].flatMap(golden);

  test("random ones end in a list, of no more entries than fit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeNetlink(bytes).length).toBeLessThanOrEqual(bytes.length / 8 + 1);
      }),
    );
  });

  test("real ones with a byte changed, or cut short, end in a list", () => {
    fc.assert(
      fc.property(fc.constantFrom(...real), fc.nat(), fc.nat(255), fc.nat(), (datagram, at, byte, end) => {
        const bytes = datagram.slice();
        bytes[at % bytes.length] = byte;
        expect(decodeNetlink(bytes.subarray(0, end % (bytes.length + 1)))).toBeInstanceOf(Array);
      }),
    );
  });

  test("nothing returned changes when the buffer is reused", () => {
    for (const datagram of real) {
      const bytes = datagram.slice();
      const messages = decodeNetlink(bytes);
      bytes.fill(0xff);
      expect(messages).toEqual(decodeNetlink(datagram));
    }
  });
});
