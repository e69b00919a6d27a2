import { expect, test } from "vitest";
import { hex } from "../bytes/hex.ts";
import { describeCapability } from "./capability-text.ts";
import type { Capability } from "./message.ts";

test.each<readonly [Capability, string]>([
  [{ is: "multiprotocol", afi: 1, safi: 1 }, "IPv4 unicast"],
  [{ is: "multiprotocol", afi: 2, safi: 1 }, "IPv6 unicast"],
  [{ is: "multiprotocol", afi: 25, safi: 70 }, "AFI 25 SAFI 70"],
  [{ is: "route-refresh" }, "route refresh"],
  [{ is: "enhanced-route-refresh" }, "enhanced route refresh"],
  [{ is: "extended-message" }, "extended messages"],
  [{ is: "four-octet-as", asn: 4_200_000_001 }, "AS 4200000001 in four bytes"],
  [{ is: "extended-next-hop", entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] }, "next hops of AFI 2 for IPv4 unicast"],
  [
    {
      is: "graceful-restart",
      restarting: true,
      notification: true,
      time: 120,
      families: [
        { afi: 1, safi: 1, forwarding: true },
        { afi: 2, safi: 1, forwarding: false },
      ],
    },
    "graceful restart within 120 s, IPv4 unicast (kept forwarding), IPv6 unicast, over notifications, has restarted",
  ],
  [{ is: "unknown", code: 69, value: hex`00010101` }, "ADD-PATH (capability 69) 00010101"],
  [{ is: "unknown", code: 128, value: hex`` }, "route refresh of old (capability 128)"],
  [{ is: "unknown", code: 200, value: new Uint8Array(32) }, `capability 200 ${"00".repeat(32)}`],
  [{ is: "unknown", code: 200, value: new Uint8Array(33) }, `capability 200 ${"00".repeat(32)}…`],
])("%o is %s", (capability, text) => {
  expect(describeCapability(capability)).toBe(text);
});
