/**
 * Writes test/golden/netlink/constructed-devices.txt: what rtnetlink tells of VLAN, bond and VRF devices. It is constructed
 * after the kernel's documented interface (linux/if_link.h, linux/if.h, rtnetlink(7)), not captured: the kernels that the
 * project is tested on have no modules for these devices. test/golden/netlink/README.md says the same.
 *
 *     node scripts/construct-netlink-devices.ts
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { concatBytes } from "../src/bytes/concat.ts";
import { hex, toHex } from "../src/bytes/hex.ts";

/** linux/rtnetlink.h, linux/if_arp.h. */
const RTM_NEWLINK = 16;
const ARPHRD_ETHER = 1;

/** linux/if_link.h. */
const IFLA = {
  ADDRESS: 1,
  BROADCAST: 2,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  MASTER: 10,
  OPERSTATE: 16,
  LINKINFO: 18,
  CARRIER: 33,
} as const;
const INFO = { KIND: 1, DATA: 2, SLAVE_KIND: 4 } as const;
const VLAN = { ID: 1, PROTOCOL: 5 } as const;
const BOND_MODE = 1;
const VRF_TABLE = 1;

/** linux/if.h. */
const IFF = {
  UP: 0x1,
  BROADCAST: 0x2,
  RUNNING: 0x40,
  NOARP: 0x80,
  MASTER: 0x400,
  SLAVE: 0x800,
  MULTICAST: 0x1000,
  LOWER_UP: 0x1_0000,
} as const;

const ETHERNET = IFF.UP | IFF.BROADCAST | IFF.RUNNING | IFF.MULTICAST | IFF.LOWER_UP;
/** Up, with nothing below that carries anything. */
const NO_CARRIER = IFF.UP | IFF.BROADCAST | IFF.MULTICAST;

interface Device {
  readonly index: number;
  readonly name: string;
  readonly flags: number;
  readonly mac: string;
  /** The device that it is on top of. */
  readonly parent?: number;
  /** The device that it is a port of. */
  readonly master?: number;
  readonly info?: readonly Uint8Array[];
}

function vlan(id: number, protocol: string): readonly Uint8Array[] {
  const data = [attribute(VLAN.PROTOCOL, hex`${protocol}`), attribute(VLAN.ID, u16(id))];
  return [attribute(INFO.KIND, text("vlan")), attribute(INFO.DATA, ...data)];
}

const portOf = (kind: string): readonly Uint8Array[] => [attribute(INFO.SLAVE_KIND, text(kind))];

const DEVICES: Readonly<Record<string, readonly Device[]>> = {
  "VLAN devices on an interface, one of them inside of another (802.1ad), one in a bridge": [
    { index: 2, name: "eth0", flags: ETHERNET, mac: "02:00:00:00:00:02" },
    { index: 3, name: "eth0.100", flags: ETHERNET, mac: "02:00:00:00:00:02", parent: 2, info: vlan(100, "8100") },
    { index: 4, name: "outer", flags: ETHERNET, mac: "02:00:00:00:00:02", parent: 2, info: vlan(200, "88a8") },
    { index: 5, name: "outer.7", flags: ETHERNET, mac: "02:00:00:00:00:05", parent: 4, info: vlan(7, "8100") },
    {
      index: 6,
      name: "eth0.8",
      flags: ETHERNET,
      mac: "02:00:00:00:00:02",
      parent: 2,
      master: 9,
      info: [...vlan(8, "8100"), ...portOf("bridge")],
    },
  ],
  "a bond of two, a VLAN device on it, and a bond without a carrier": [
    {
      index: 12,
      name: "eth1",
      flags: ETHERNET | IFF.SLAVE,
      mac: "02:00:00:00:00:12",
      master: 14,
      info: portOf("bond"),
    },
    {
      index: 13,
      name: "eth2",
      flags: ETHERNET | IFF.SLAVE,
      mac: "02:00:00:00:00:12",
      master: 14,
      info: portOf("bond"),
    },
    { index: 14, name: "bond0", flags: ETHERNET | IFF.MASTER, mac: "02:00:00:00:00:12", info: bond(1) },
    { index: 15, name: "bond0.300", flags: ETHERNET, mac: "02:00:00:00:00:12", parent: 14, info: vlan(300, "8100") },
    { index: 16, name: "bond1", flags: NO_CARRIER | IFF.MASTER, mac: "02:00:00:00:00:16", info: bond(4) },
  ],
  "a VRF and its port": [
    {
      index: 22,
      name: "blue",
      flags: IFF.UP | IFF.RUNNING | IFF.NOARP | IFF.MASTER | IFF.LOWER_UP,
      mac: "02:00:00:00:00:22",
      info: vrf(10),
    },
    { index: 23, name: "eth3", flags: ETHERNET, mac: "02:00:00:00:00:23", master: 22, info: portOf("vrf") },
  ],
};

/** 1: active-backup, 4: 802.3ad (linux/if_bonding.h). */
function bond(mode: number): readonly Uint8Array[] {
  return [attribute(INFO.KIND, text("bond")), attribute(INFO.DATA, attribute(BOND_MODE, Uint8Array.of(mode)))];
}

function vrf(table: number): readonly Uint8Array[] {
  return [attribute(INFO.KIND, text("vrf")), attribute(INFO.DATA, attribute(VRF_TABLE, u32(table)))];
}

/** struct nlmsghdr, then struct ifinfomsg, then attributes; in host order of little-endian machines. */
function newLink({ index, name, flags, mac, parent, master, info }: Device): Uint8Array {
  const running = (flags & IFF.RUNNING) !== 0;
  const body = concatBytes([
    Uint8Array.of(0, 0),
    u16(ARPHRD_ETHER),
    u32(index),
    u32(flags),
    u32(0),
    attribute(IFLA.IFNAME, text(name)),
    attribute(IFLA.OPERSTATE, Uint8Array.of(running ? 6 : 2)),
    attribute(IFLA.MTU, u32(1500)),
    attribute(IFLA.CARRIER, Uint8Array.of(running ? 1 : 0)),
    attribute(IFLA.ADDRESS, hex`${mac.replaceAll(":", "")}`),
    attribute(IFLA.BROADCAST, hex`ffffffffffff`),
    ...(parent === undefined ? [] : [attribute(IFLA.LINK, u32(parent))]),
    ...(master === undefined ? [] : [attribute(IFLA.MASTER, u32(master))]),
    ...(info === undefined ? [] : [attribute(IFLA.LINKINFO, ...info)]),
  ]);
  const header = [u32(16 + body.length), u16(RTM_NEWLINK), u16(0), u32(0), u32(0)];
  return concatBytes([...header, body]);
}

/** struct rtattr: length without padding, type, value; the next one begins at a multiple of four. */
function attribute(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const value = concatBytes(parts);
  return concatBytes([u16(4 + value.length), u16(type), value, new Uint8Array(-value.length & 3)]);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 255, value >>> 8);
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
}

/** The whole file. */
export function constructedDevices(): string {
  const sections = Object.entries(DEVICES).map(
    ([title, devices]) => `# ${title}\n${devices.map((device) => `${toHex(newLink(device))}\n`).join("")}`,
  );
  return `# Constructed, not captured: see README.md and scripts/construct-netlink-devices.ts\n\n${sections.join("\n")}`;
}

if (import.meta.main)
  writeFileSync(join(import.meta.dirname, "../test/golden/netlink/constructed-devices.txt"), constructedDevices());
