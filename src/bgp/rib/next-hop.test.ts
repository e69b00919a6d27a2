import { expect, test } from "vitest";
import { formatAddress, parseAddress } from "../../ip/address.ts";
import type { Family } from "../../ip/family.ts";
import { nextHopOf } from "./next-hop.ts";

interface Row {
  readonly why: string;
  readonly family: Family;
  readonly local: string;
  readonly others?: readonly string[];
  readonly routed?: true;
  readonly extended?: true;
  /** Next hop, then the link-local one. */
  readonly want: readonly string[];
}

const NONE: readonly string[] = [];

test.each<Row>([
  { why: "the session's own address", family: "IPv4", local: "192.0.2.1", want: ["192.0.2.1"] },
  { why: "the session's own address", family: "IPv6", local: "2001:db8::1", want: ["2001:db8::1"] },
  {
    why: "with the link-local one for a peer on the link (RFC 2545 §3)",
    family: "IPv6",
    local: "2001:db8::1",
    others: ["2001:db8::9", "fe80::1"],
    want: ["2001:db8::1", "fe80::1"],
  },
  {
    why: "without the link-local one for a peer behind a router",
    family: "IPv6",
    local: "2001:db8::1",
    others: ["fe80::1"],
    routed: true,
    want: ["2001:db8::1"],
  },
  {
    why: "a session over link-local addresses, with the interface's global one",
    family: "IPv6",
    local: "fe80::1",
    others: ["192.0.2.1", "fe80::1", "2001:db8::9"],
    want: ["2001:db8::9", "fe80::1"],
  },
  {
    why: "a session over link-local addresses, and there are no others",
    family: "IPv6",
    local: "fe80::1",
    others: ["fe80::1"],
    want: ["fe80::1", "fe80::1"],
  },
  {
    why: "over IPv4, the first global address of the interface",
    family: "IPv6",
    local: "192.0.2.1",
    others: ["192.0.2.1", "2001:db8::2", "2001:db8::1", "fe80::1"],
    want: ["2001:db8::2", "fe80::1"],
  },
  {
    why: "over IPv4 to a peer behind a router",
    family: "IPv6",
    local: "192.0.2.1",
    others: ["fe80::1", "2001:db8::2"],
    routed: true,
    want: ["2001:db8::2"],
  },
  { why: "over IPv4, and the interface has no IPv6", family: "IPv6", local: "192.0.2.1", want: NONE },
  {
    why: "over IPv4 to a peer behind a router, and the interface has nothing that is routed",
    family: "IPv6",
    local: "192.0.2.1",
    others: ["fe80::1"],
    routed: true,
    want: NONE,
  },
  {
    why: "over IPv6, and the peer takes IPv6 next hops (RFC 8950)",
    family: "IPv4",
    local: "2001:db8::1",
    others: ["192.0.2.1", "fe80::1"],
    extended: true,
    want: ["2001:db8::1", "fe80::1"],
  },
  {
    why: "over link-local addresses, and the peer takes IPv6 next hops",
    family: "IPv4",
    local: "fe80::1",
    extended: true,
    want: ["fe80::1", "fe80::1"],
  },
  {
    why: "over IPv6, the first IPv4 address of the interface",
    family: "IPv4",
    local: "2001:db8::1",
    others: ["fe80::1", "192.0.2.7", "192.0.2.1"],
    want: ["192.0.2.7"],
  },
  { why: "over IPv6, and the interface has no IPv4", family: "IPv4", local: "2001:db8::1", want: NONE },
  {
    why: "over IPv4 an IPv4 next hop, even where IPv6 ones are taken",
    family: "IPv4",
    local: "192.0.2.1",
    others: ["2001:db8::1"],
    extended: true,
    want: ["192.0.2.1"],
  },
])("$family routes over $local: $why", ({ family, local, others = [], routed, extended, want }) => {
  const addresses = {
    local: parseAddress(local)!,
    ofInterface: others.map((text) => parseAddress(text)!),
    onLink: routed !== true,
  };
  const found = nextHopOf(family, addresses, extended === true);
  const shown = [found?.nextHop, found?.linkLocalNextHop].filter((address) => address !== undefined);
  expect(shown.map(formatAddress)).toEqual(want);
});
