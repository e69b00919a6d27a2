import { describe, expect, test } from "vitest";
import { parseAddress } from "../ip/address.ts";
import { parseMac } from "../ip/mac.ts";
import { LinkTable } from "./link-table.ts";
import { type AddressEntry, IFF_BROADCAST, IFF_NOARP, IFF_RUNNING, IFF_UP, type LinkEntry } from "./netlink.ts";

const ETH0: LinkEntry = {
  index: 2,
  name: "eth0",
  flags: IFF_UP | IFF_RUNNING | IFF_BROADCAST,
  mac: parseMac("02:00:00:00:00:01"),
  hasMaster: false,
};

function entry(linkIndex: number, text: string, prefixLength: number, key = `${text}/${prefixLength}`): AddressEntry {
  return { linkIndex, address: parseAddress(text)!, prefixLength, key };
}

describe("LinkTable", () => {
  test("lists links by index with their addresses, whichever was told first", () => {
    const table = new LinkTable();
    table.apply({ kind: "address", entry: entry(2, "10.9.0.1", 24) });
    table.apply({ kind: "address", entry: entry(2, "fd09::1", 64) });
    table.apply({ kind: "link", link: { ...ETH0, index: 10, name: "tun0", flags: IFF_NOARP, mac: undefined } });
    table.apply({ kind: "link", link: ETH0 });
    expect(table.links()).toEqual([
      {
        index: 2,
        name: "eth0",
        mac: parseMac("02:00:00:00:00:01"),
        up: true,
        running: true,
        broadcast: true,
        noArp: false,
        hasMaster: false,
        addresses: [
          { address: parseAddress("10.9.0.1"), prefixLength: 24 },
          { address: parseAddress("fd09::1"), prefixLength: 64 },
        ],
      },
      {
        index: 10,
        name: "tun0",
        mac: undefined,
        up: false,
        running: false,
        broadcast: false,
        noArp: true,
        hasMaster: false,
        addresses: [],
      },
    ]);
  });

  test.each([
    { change: "nothing", link: { ...ETH0, mac: parseMac("02:00:00:00:00:01") }, changes: false },
    { change: "the name", link: { ...ETH0, name: "lan0" }, changes: true },
    { change: "the flags", link: { ...ETH0, flags: IFF_BROADCAST }, changes: true },
    { change: "the MAC", link: { ...ETH0, mac: parseMac("02:00:00:00:00:02") }, changes: true },
    { change: "the MAC, to none", link: { ...ETH0, mac: undefined }, changes: true },
    { change: "the master", link: { ...ETH0, hasMaster: true }, changes: true },
  ])("a link told again with a change of $change", ({ link, changes }) => {
    const table = new LinkTable();
    expect(table.apply({ kind: "link", link: ETH0 })).toBe(true);
    expect(table.apply({ kind: "link", link })).toBe(changes);
    expect(table.links()).toHaveLength(1);
  });

  test.each([
    { address: "10.9.0.1", length: 24 },
    { address: "fd09::1", length: 64 },
  ])("$address comes once and goes once", ({ address, length }) => {
    const table = new LinkTable();
    const news = entry(2, address, length);
    expect(table.apply({ kind: "address", entry: news })).toBe(true);
    expect(table.apply({ kind: "address", entry: news })).toBe(false);
    expect(table.apply({ kind: "address-gone", entry: news })).toBe(true);
    expect(table.apply({ kind: "address-gone", entry: news })).toBe(false);
  });

  test("one address towards two peers stays until both are gone", () => {
    const table = new LinkTable();
    table.apply({ kind: "link", link: ETH0 });
    table.apply({ kind: "address", entry: entry(2, "10.9.0.5", 32, "to 6") });
    table.apply({ kind: "address", entry: entry(2, "10.9.0.5", 32, "to 7") });
    table.apply({ kind: "address-gone", entry: entry(2, "10.9.0.5", 32, "to 6") });
    expect(table.links()[0]!.addresses).toEqual([{ address: parseAddress("10.9.0.5"), prefixLength: 32 }]);
  });

  test("a link takes its addresses with it, so that another of the same index starts without", () => {
    const table = new LinkTable();
    table.apply({ kind: "link", link: ETH0 });
    table.apply({ kind: "address", entry: entry(2, "10.9.0.1", 24) });
    expect(table.apply({ kind: "link-gone", index: 2 })).toBe(true);
    expect(table.apply({ kind: "link-gone", index: 2 })).toBe(false);
    table.apply({ kind: "link", link: ETH0 });
    expect(table.links()[0]!.addresses).toEqual([]);
  });
});
