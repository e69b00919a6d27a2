import { expect, test } from "vitest";
import { parseAddress } from "../ip/address.ts";
import type { Link } from "../ports/links.ts";
import { testLink } from "../../test/support/test-link.ts";
import { linkRefusal } from "./links.ts";

const GOOD = testLink();
const EXCLUDED = /(?:^docker.*)|(?:^lo$)/u;

test.each<{ what: string; more: Partial<Link>; arp: string | undefined; ndp: string | undefined }>([
  { what: "an ordinary interface", more: {}, arp: undefined, ndp: undefined },
  { what: "excluded by name", more: { name: "docker0" }, arp: "excluded", ndp: "excluded" },
  { what: "a name that only contains an anchored one", more: { name: "xlo" }, arp: undefined, ndp: undefined },
  { what: "down", more: { up: false }, arp: "down", ndp: "down" },
  { what: "a bridge's port", more: { hasMaster: true }, arp: "enslaved", ndp: "enslaved" },
  { what: "no carrier", more: { running: false }, arp: "no-carrier", ndp: "no-carrier" },
  { what: "NOARP", more: { noArp: true }, arp: "no-arp", ndp: "no-arp" },
  { what: "a tunnel without Ethernet address", more: { mac: undefined }, arp: "no-mac", ndp: "no-mac" },
  { what: "point to point", more: { broadcast: false }, arp: "no-broadcast", ndp: undefined },
  { what: "no addresses", more: { addresses: [] }, arp: undefined, ndp: "no-link-local" },
  {
    what: "only global addresses",
    more: { addresses: [{ address: parseAddress("fd09::1")!, prefixLength: 64 }] },
    arp: undefined,
    ndp: "no-link-local",
  },
])("$what: ARP $arp, NDP $ndp", ({ more, arp, ndp }) => {
  const link = { ...GOOD, ...more };
  expect(linkRefusal(link, "arp", EXCLUDED)).toBe(arp);
  expect(linkRefusal(link, "ndp", EXCLUDED)).toBe(ndp);
});
