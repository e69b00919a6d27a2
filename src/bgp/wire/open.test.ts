import { describe, expect, test } from "vitest";
import { hex } from "../../bytes/hex.ts";
import type { Open } from "../message.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { INITIAL_WIRE_OPTIONS } from "./options.ts";

const MARKER = "ffffffffffffffffffffffffffffffff";

describe("OPEN (RFC 4271 §4.2)", () => {
  test("every capability, in one parameter", () => {
    const open: Open = {
      type: "open",
      version: 4,
      asn: 23456,
      holdTime: 90,
      routerId: 0xc000_0201,
      capabilities: [
        { is: "multiprotocol", afi: 1, safi: 1 },
        { is: "multiprotocol", afi: 2, safi: 1 },
        { is: "route-refresh" },
        { is: "extended-next-hop", entries: [{ afi: 1, safi: 1, nextHopAfi: 2 }] },
        { is: "extended-message" },
        {
          is: "graceful-restart",
          restarting: true,
          notification: true,
          time: 120,
          families: [{ afi: 2, safi: 1, forwarding: true }],
        },
        { is: "four-octet-as", asn: 4_200_000_001 },
        { is: "enhanced-route-refresh" },
        { is: "unknown", code: 73, value: hex`03 6e31 00` },
      ],
    };
    const bytes = hex`
      ${MARKER} 004d 01
      04 5ba0 005a c0000201
      30 02 2e                      // 48 bytes of parameters: one of capabilities
      01 04 0001 00 01              // multiprotocol IPv4 unicast
      01 04 0002 00 01
      02 00                         // route refresh
      05 06 0001 0001 0002          // extended next hop
      06 00                         // extended message
      40 06 c078 0002 01 80         // graceful restart: R, N, 120 s; IPv6 with F
      41 04 fa56ea01                // four-octet AS
      46 00                         // enhanced route refresh
      49 04 03 6e31 00              // FQDN`;
    expect(encode(open, INITIAL_WIRE_OPTIONS)).toEqual(bytes);
    expect(decode(bytes, INITIAL_WIRE_OPTIONS)).toEqual({ ok: true, value: open });
  });
});
