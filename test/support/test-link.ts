import { parseAddress } from "../../src/ip/address.ts";
import { parseMac } from "../../src/ip/mac.ts";
import type { Link } from "../../src/ports/links.ts";

/** An Ethernet interface that qualifies for both families, unless `more` says otherwise. */
export function testLink(more: Partial<Link> = {}): Link {
  return {
    index: 2,
    name: "eth0",
    mac: parseMac("02:00:00:00:00:01")!,
    up: true,
    running: true,
    broadcast: true,
    noArp: false,
    hasMaster: false,
    addresses: [{ address: parseAddress("fe80::1")!, prefixLength: 64 }],
    ...more,
  };
}
