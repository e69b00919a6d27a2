import { expect, test } from "vitest";
import { hex } from "../bytes/hex.ts";
import { parseAddress } from "../ip/address.ts";
import { socketAddressBytes } from "./socket-address.ts";

test.each([
  {
    name: "IPv4",
    address: "192.0.2.1",
    ipv6: false,
    bytes: hex`
      0200 00b3                          // AF_INET in host order, port 179
      c0000201                           // address
      0000000000000000                   // padding`,
  },
  {
    name: "IPv6",
    address: "2001:db8::1",
    ipv6: true,
    bytes: hex`
      0a00 00b3 00000000                 // AF_INET6 in host order, port 179, flow label
      20010db8000000000000000000000001   // address
      00000000                           // scope`,
  },
  {
    name: "IPv4 on a socket of IPv6",
    address: "192.0.2.1",
    ipv6: true,
    bytes: hex`
      0a00 00b3 00000000
      00000000000000000000ffffc0000201
      00000000`,
  },
])("struct sockaddr: $name", ({ address, ipv6, bytes }) => {
  expect(socketAddressBytes(parseAddress(address)!, 179, ipv6)).toEqual(bytes);
});
