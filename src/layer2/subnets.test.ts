import { describe, expect, test } from "vitest";
import { parseAddress } from "../ip/address.ts";
import { formatPrefix, parsePrefix } from "../ip/prefix.ts";
import type { Link } from "../ports/links.ts";
import { testLink } from "../../test/support/test-link.ts";
import { carries, describeSubnets, subnetsOf } from "./subnets.ts";

/** A link with these addresses, given as `address/prefix length`. */
function link(...addresses: readonly string[]): Link {
  return testLink({
    mac: undefined,
    addresses: addresses.map((text) => {
      const [address, length] = text.split("/");
      return { address: parseAddress(address!)!, prefixLength: Number(length) };
    }),
  });
}

test("the subnets of a link are those of its addresses, each once, without fe80::/10", () => {
  const { name, subnets } = subnetsOf(
    link("10.0.0.7/24", "10.0.0.8/24", "10.1.0.1/32", "fe80::7/64", "2001:db8::7/64"),
  );
  expect([name, ...subnets.map(formatPrefix)]).toEqual(["eth0", "10.0.0.0/24", "10.1.0.1/32", "2001:db8::/64"]);
});

describe("whether an interface carries the subnet of an address", () => {
  test.each([
    { address: "10.0.0.200", on: ["10.0.0.7/24"], want: true },
    { address: "10.0.1.0", on: ["10.0.0.7/24"], want: false },
    { address: "10.0.1.0", on: ["10.0.0.7/24", "10.0.0.7/23"], want: true },
    { address: "10.0.0.7", on: ["10.0.0.7/32"], want: true },
    { address: "10.0.0.8", on: ["10.0.0.7/32"], want: false },
    { address: "203.0.113.1", on: ["0.0.0.0/0"], want: true },
    { address: "10.0.0.200", on: [], want: false },
    { address: "10.0.0.200", on: ["2001:db8::7/64", "::/0"], want: false },
    { address: "2001:db8::200", on: ["2001:db8::7/64"], want: true },
    { address: "2001:db8:0:1::", on: ["2001:db8::7/64"], want: false },
    { address: "2001:db8::8", on: ["2001:db8::7/128"], want: false },
    { address: "2001:db8::200", on: ["fe80::1/64", "10.0.0.7/0"], want: false },
  ])("$address on $on: $want", ({ address, on, want }) => {
    expect(carries(subnetsOf(link(...on)), parseAddress(address)!)).toBe(want);
  });
});

test("an interface is described by its subnets of one family", () => {
  const both = {
    name: "eth0",
    subnets: ["10.0.0.0/24", "10.1.0.0/24", "2001:db8::/64"].map((text) => parsePrefix(text)!),
  };
  expect(describeSubnets(both, "IPv4")).toBe("eth0 (10.0.0.0/24, 10.1.0.0/24)");
  expect(describeSubnets(both, "IPv6")).toBe("eth0 (2001:db8::/64)");
  expect(describeSubnets({ name: "eth1", subnets: [] }, "IPv6")).toBe("eth1 (no IPv6 subnet)");
});
