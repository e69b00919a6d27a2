import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { parseBgpPeers } from "../../config/parse-bgp-peers.ts";
import { formatAddress, parseAddress } from "../../ip/address.ts";
import { seconds } from "../../lib/duration.ts";
import { configObject } from "../../../test/support/config-objects.ts";
import { defaultRouterId } from "./default-router-id.ts";
import type { SessionPlan } from "./session-driver.ts";
import { SessionPlans } from "./session-plans.ts";

const OURS = 0xc000_0201;

/** The session of a BGPPeer with these fields. */
function planOf(spec: object, plans = new SessionPlans(OURS)): SessionPlan {
  const object = configObject("router", { myASN: 64_512, peerASN: 64_513, peerAddress: "192.0.2.1", ...spec });
  const { peers, issues } = parseBgpPeers([object], { bfdProfiles: new Set(), secrets: undefined });
  expect(issues).toEqual([]);
  return plans.make(peers)[0]!;
}

test("what is not configured has the defaults", () => {
  const { name, remote, connect, config } = planOf({});
  expect([name, formatAddress(remote.address), remote.port, connect]).toEqual(["router", "192.0.2.1", 179, {}]);
  expect(config).toMatchObject({
    localAsn: 64_512,
    remoteAs: { is: "number", asn: 64_513 },
    routerId: OURS,
    families: ["IPv4"],
    holdTime: seconds(90),
    passive: false,
  });
});

describe("each field goes where it belongs", () => {
  test.each<[string, object, (plan: SessionPlan) => unknown, unknown]>([
    ["localASN", { localASN: 64_999 }, ({ config }) => config.localAsn, 64_999],
    ["dynamicASN", { peerASN: 0, dynamicASN: "external" }, ({ config }) => config.remoteAs, { is: "external" }],
    ["peerPort", { peerPort: 1179 }, ({ remote, config }) => [remote.port, config.transport.port], [1179, 1179]],
    ["routerID", { routerID: "10.0.0.1" }, ({ config }) => config.routerId, 0x0a00_0001],
    ["an IPv6 peer", { peerAddress: "2001:db8::1" }, ({ config }) => config.families, ["IPv6"]],
    ["both families", { dualStackAddressFamily: true }, ({ config }) => config.families, ["IPv4", "IPv6"]],
    ["holdTime", { holdTime: "30s" }, ({ config }) => config.holdTime, seconds(30)],
    ["no holdTime", { holdTime: "0s" }, ({ config }) => config.holdTime, 0],
    ["connectTime", { connectTime: "5s" }, ({ config }) => config.connectTime, seconds(5)],
    ["sourceAddress", { sourceAddress: "192.0.2.9" }, ({ connect }) => connect, { source: parseAddress("192.0.2.9") }],
    ["password", { password: "secret" }, ({ connect }) => connect, { key: "secret" }],
    ["ttlSecurity", { ttlSecurity: true }, ({ connect }) => connect, { ttl: 255, minTtl: 255 }],
    ["vrf", { vrf: "red" }, ({ connect }) => connect, { device: "red" }],
    ["passive", { passive: true }, ({ config }) => config.passive, true],
  ])("%s", (_, spec, field, value) => {
    expect(field(planOf(spec))).toEqual(value);
  });
});

test("only another password is another key, and the session never sees it", () => {
  const plans = new SessionPlans(OURS);
  const version = (password?: string) =>
    planOf(password === undefined ? {} : { password }, plans).config.transport.keyVersion;
  const [first, same, other, none, back] = [version("a"), version("a"), version("b"), version(), version("b")];
  expect(same).toBe(first);
  expect(new Set([first, other, none]).size).toBe(3);
  expect(back).toBe(other);
  expect(inspect(planOf({ password: "hunter2" }).config, { depth: 9 })).not.toContain("hunter2");
});

test.each([
  { host: "192.0.2.7", id: 0xc000_0207 },
  { host: "2001:db8::7", id: defaultRouterId(undefined, "node-1") },
  { host: "", id: defaultRouterId(undefined, "node-1") },
])("our identifier on a node at $host", ({ host, id }) => {
  expect(defaultRouterId(host, "node-1")).toBe(id);
});

test("the identifier made of a name is the reference's", () => {
  // CRC-32 (IEEE) of "123456789" is 0xcbf43926.
  expect(defaultRouterId(undefined, "123456789")).toBe(0x2639_f4cb);
});
