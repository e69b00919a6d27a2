import { describe, expect, test } from "vitest";
import type { IpAddress } from "../ip/address.ts";
import { formatAddress, parseAddress } from "../ip/address.ts";
import { Allocator } from "./allocator.ts";
import { chooseAddresses } from "./choose.ts";
import type { Pool } from "./pool.ts";
import type { Holder, ServiceRequest } from "./request.ts";
import { newHolder } from "./request.ts";

function pool(name: string, first: string, last: string): Pool {
  const ranges = [{ first: parseAddress(first)!, last: parseAddress(last)! }];
  return { name, ranges, autoAssign: true, avoidBuggyIPs: false, serviceAllocation: undefined };
}

function request(id: string, ports: readonly string[], key = "k", family: "IPv4" | "IPv6" = "IPv4"): ServiceRequest {
  const terms = { sharingKey: key, backendKey: "", ports };
  const namespace = "default";
  return {
    id,
    namespace,
    labels: {},
    families: [family],
    policy: "SingleStack",
    terms,
    addresses: [],
    pool: undefined,
  };
}

/** Gives a Service what it should have. */
function give(allocator: Allocator, wanted: ServiceRequest): Holder {
  const chosen = chooseAddresses(allocator, wanted, []);
  if (!chosen.ok) throw new Error(chosen.error.code);
  const holder = newHolder(wanted.id);
  allocator.assign(holder, wanted.terms, chosen.value.addresses);
  return holder;
}

const text = (addresses: readonly IpAddress[]) => addresses.map(formatAddress).join(" ");

describe.each([
  { family: "IPv4" as const, first: "10.0.0.1", second: "10.0.0.2", last: "10.0.0.9" },
  { family: "IPv6" as const, first: "fd00::1", second: "fd00::2", last: "fd00::9" },
])("sharing $family addresses", ({ family, first, second, last }) => {
  function allocator(): Allocator {
    const made = new Allocator();
    made.setPools([pool("p", first, last)]);
    return made;
  }

  test("who waits to share is told of what makes room, and of nothing else", () => {
    const made = allocator();
    const [a, b] = [newHolder("a"), newHolder("b")];
    const topics = (holder: Holder, port: string, on: readonly IpAddress[]) =>
      made
        .assign(holder, request(holder.id, [port], "k", family).terms, on)
        .map(({ topics: [topic] }) => topic!.split(" ")[0]);
    const address = parseAddress(first)!;
    expect(topics(a, "TCP/80", [address])).toEqual(["share", "address"]);
    expect(topics(b, "TCP/443", [address])).toEqual(["address"]);
    expect(topics(b, "TCP/443", [])).toEqual(["address", "share"]);
    expect(topics(a, "TCP/80", [])).toEqual(["address", "free"]);
  });

  test("a port that was given back can be had on the shared address again", () => {
    const made = allocator();
    give(made, request("a", ["TCP/80"], "k", family));
    const b = give(made, request("b", ["TCP/443", "UDP/53"], "k", family));
    expect(text(b.addresses)).toBe(first);
    made.release(b);
    expect(text(give(made, request("c", ["TCP/443"], "k", family)).addresses)).toBe(first);
    expect(text(give(made, request("d", ["UDP/53"], "k", family)).addresses)).toBe(first);
    expect(text(give(made, request("e", ["UDP/53"], "k", family)).addresses)).toBe(second);
  });

  test("so can a port that was exchanged for another", () => {
    const made = allocator();
    give(made, request("a", ["TCP/80"], "k", family));
    const b = give(made, request("b", ["TCP/443"], "k", family));
    made.assign(b, { ...b.terms, ports: ["TCP/444"] }, b.addresses);
    expect(text(give(made, request("c", ["TCP/443"], "k", family)).addresses)).toBe(first);
    expect(text(give(made, request("d", ["TCP/444"], "k", family)).addresses)).toBe(second);
  });

  test("when all on an address have come to a new key, others may join under it and not under the old one", () => {
    const made = allocator();
    const a = give(made, request("a", ["TCP/80"], "k", family));
    const b = give(made, request("b", ["TCP/443"], "k", family));
    for (const holder of [a, b]) made.assign(holder, { ...holder.terms, sharingKey: "new" }, holder.addresses);
    expect(text(give(made, request("c", ["TCP/1"], "new", family)).addresses)).toBe(first);
    expect(text(give(made, request("d", ["TCP/2"], "k", family)).addresses)).toBe(second);
  });

  test("a pool that takes over an address takes over who shares it and on which ports", () => {
    const made = allocator();
    give(made, request("a", ["TCP/80"], "k", family));
    give(made, request("b", ["TCP/443"], "k", family));
    expect([...made.setPools([pool("q", first, last)])].sort()).toEqual(["a", "b"]);
    expect(made.count("p")).toBeUndefined();
    expect(made.count("q")?.[family]).toEqual({ total: 9n, inUse: 1 });
    expect(text(give(made, request("c", ["TCP/80"], "k", family)).addresses)).toBe(second);
    expect(text(give(made, request("d", ["TCP/1"], "k", family)).addresses)).toBe(first);
  });
});

test("a port of an address is never given to two Services, whatever the caller decided", () => {
  const made = new Allocator();
  made.setPools([pool("p", "10.0.0.1", "10.0.0.1")]);
  const a = give(made, request("a", ["TCP/80"]));
  expect(() => made.assign(newHolder("b"), a.terms, a.addresses)).toThrow(/port-conflict/);
  expect(() => made.assign(newHolder("c"), a.terms, [parseAddress("10.9.9.9")!])).toThrow(/in no pool/);
});

test("pools that stay as they are concern nobody", () => {
  const made = new Allocator();
  made.setPools([pool("p", "10.0.0.1", "10.0.0.9"), pool("q", "fd00::1", "fd00::9")]);
  give(made, request("a", ["TCP/80"]));
  expect(made.setPools([pool("p", "10.0.0.1", "10.0.0.9"), pool("q", "fd00::1", "fd00::2")]).size).toBe(0);
  const limited: Pool = {
    ...pool("p", "10.0.0.1", "10.0.0.9"),
    serviceAllocation: { priority: 0, namespaces: new Set(["x"]), matchesService: undefined },
  };
  expect([...made.setPools([limited])]).toEqual(["a"]);
});
