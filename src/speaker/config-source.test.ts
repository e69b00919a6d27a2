import { beforeEach, describe, expect, test } from "vitest";
import { configObject } from "../../test/support/config-objects.ts";
import type { KubeObject } from "../ports/kube.ts";
import type { ConfigKind } from "./config-source.ts";
import { ConfigSource } from "./config-source.ts";

const PEER = { myASN: 64_512, peerASN: 64_513, peerAddress: "2001:db8::1" };
const ELSEWHERE = { nodeSelectors: [{ matchLabels: { rack: "2" } }] };

let source: ConfigSource;

beforeEach(() => {
  source = new ConfigSource("here");
  node("here", { rack: "1" });
  node("there", { rack: "2" });
  set("IPAddressPool", configObject("pool", { addresses: ["192.168.10.0/28", "fd00::/120"] }));
  set("L2Advertisement", configObject("l2"));
  set("BGPPeer", configObject("router", PEER));
  set("BGPAdvertisement", configObject("bgp"));
});

function set(kind: ConfigKind, object: KubeObject): void {
  source.set(kind, `metallb-system/${object.metadata.name}`, object);
}

function node(name: string, labels: Record<string, string>, networkUnavailable = false): void {
  source.setNode({ name, labels, networkUnavailable });
}

/** What is new, in short: names of what is given out, and the errors with the part they are about. */
function next(announced: readonly string[] = []) {
  const services = announced.map((ip) => ({ namespace: "shop", name: "web", ingress: [{ ip, hostname: "" }] }));
  const outcome = source.next(() => services as never);
  return (
    outcome && {
      layer2: outcome.layer2?.advertisements.map(({ name }) => name),
      bgp: outcome.bgp && [...outcome.bgp.peers, ...outcome.bgp.advertisements].map(({ name }) => name),
      refusals: outcome.refusals.map(({ part, error }) => `${part}: ${error.split(": ").slice(0, 2).join(" ")}`),
    }
  );
}

const EVERYTHING = { layer2: ["l2"], bgp: ["router", "bgp"], refusals: [] };

test("everything is given out once", () => {
  expect(next()).toEqual(EVERYTHING);
  expect(next()).toBeUndefined();
});

test("only the part that changed is given out again", () => {
  next();
  set("L2Advertisement", configObject("l2", { interfaces: ["eth0"] }));
  expect(next()).toEqual({ ...EVERYTHING, bgp: undefined });
  set("BFDProfile", configObject("fast"));
  expect(next()).toEqual({ ...EVERYTHING, layer2: undefined });
  set("IPAddressPool", configObject("pool", { addresses: ["192.168.10.0/27", "fd00::/120"] }));
  expect(next()).toEqual(EVERYTHING);
  source.delete("L2Advertisement", "metallb-system/l2");
  expect(next()).toEqual({ layer2: [], bgp: undefined, refusals: [] });
});

test("what is told again unchanged is no news", () => {
  next();
  set("BGPPeer", configObject("router", PEER));
  source.delete("BGPPeer", "metallb-system/unknown");
  node("here", { rack: "1" }, true);
  expect(next()).toBeUndefined();
});

describe("a mistake keeps only its own part from being used", () => {
  test("of BGP", () => {
    set("BGPPeer", configObject("bad", { ...PEER, myASN: 0 }));
    set("L2Advertisement", configObject("l2-b"));
    const refusals = ["BGP: BGPPeer metallb-system/bad spec.myASN"];
    expect(next()).toEqual({ layer2: ["l2", "l2-b"], bgp: undefined, refusals });
    source.delete("BGPPeer", "metallb-system/bad");
    expect(next()).toEqual({ ...EVERYTHING, layer2: undefined });
  });

  test("of layer 2", () => {
    set("L2Advertisement", configObject("bad", { ipAddressPools: ["a", "a"] }));
    const refusals = ["layer 2: L2Advertisement metallb-system/bad spec.ipAddressPools[1]"];
    expect(next()).toEqual({ ...EVERYTHING, layer2: undefined, refusals });
    set("BGPPeer", configObject("second", { ...PEER, peerAddress: "192.0.2.1" }));
    expect(next()).toEqual({ layer2: undefined, bgp: ["router", "second", "bgp"], refusals });
    source.delete("L2Advertisement", "metallb-system/bad");
    expect(next()).toEqual({ ...EVERYTHING, bgp: undefined });
  });

  test("but of a pool both", () => {
    set("IPAddressPool", configObject("bad", { addresses: ["10.0.0.1"] }));
    const refusals = ["all: IPAddressPool metallb-system/bad spec.addresses[0]"];
    expect(next()).toEqual({ layer2: undefined, bgp: undefined, refusals });
    source.delete("IPAddressPool", "metallb-system/bad");
    expect(next()).toEqual(EVERYTHING);
  });
});

describe("references", () => {
  test.each<[string, object, () => void]>([
    ["a BFD profile", { bfdProfile: "fast" }, () => set("BFDProfile", configObject("fast"))],
    [
      "a Secret",
      { passwordSecret: { name: "s" } },
      () => source.setSecret("metallb-system/s", { name: "s", type: "kubernetes.io/basic-auth", password: "x" }),
    ],
  ])("to %s keep BGP waiting until it is there", (_, reference, create) => {
    set("BGPPeer", configObject("router", { ...PEER, ...reference }));
    expect(next()).toMatchObject({ layer2: ["l2"], bgp: undefined, refusals: [expect.anything()] });
    create();
    expect(next()).toEqual({ ...EVERYTHING, layer2: undefined });
  });

  test("Secrets that no peer refers to are no news", () => {
    set("BGPPeer", configObject("router", { ...PEER, passwordSecret: { name: "s" } }));
    const secret = { name: "s", type: "kubernetes.io/basic-auth", password: "x" };
    source.setSecret("metallb-system/s", secret);
    next();
    source.setSecret("metallb-system/other", { ...secret, name: "other" });
    source.deleteSecret("metallb-system/other");
    source.setSecret("metallb-system/s", secret);
    expect(next()).toBeUndefined();
    source.setSecret("metallb-system/s", { ...secret, password: "y" });
    expect(next()).toEqual({ ...EVERYTHING, layer2: undefined });
    source.deleteSecret("metallb-system/s");
    expect(next()?.refusals).toEqual(["BGP: BGPPeer metallb-system/router spec.passwordSecret.name"]);
  });
});

describe("nodes", () => {
  test("peers and advertisements of other nodes don't count, whatever is wrong with them", () => {
    set("BGPPeer", configObject("bad", { ...PEER, ...ELSEWHERE, myASN: 0 }));
    set("BGPAdvertisement", configObject("worse", { ...ELSEWHERE, peers: ["a", "a"] }));
    expect(next()).toEqual(EVERYTHING);
  });

  test("selectors that can't be read are for every node", () => {
    set(
      "BGPPeer",
      configObject("bad", { ...PEER, nodeSelectors: [{ matchExpressions: [{ key: "a", operator: "Is" }] }] }),
    );
    set("BGPAdvertisement", configObject("worse", { nodeSelectors: 7 }));
    expect(next()?.refusals).toHaveLength(2);
  });

  test("a label that brings something here, or takes it away, is news; another one is not", () => {
    set("BGPPeer", configObject("there", { ...PEER, ...ELSEWHERE, peerAddress: "192.0.2.1" }));
    expect(next()).toEqual(EVERYTHING);
    node("here", { rack: "1", other: "label" });
    node("new", { rack: "7" });
    expect(next()).toBeUndefined();
    node("here", { rack: "2" });
    expect(next()).toEqual({ layer2: undefined, bgp: ["router", "there", "bgp"], refusals: [] });
    source.deleteNode("here");
    expect(next()).toEqual({ ...EVERYTHING, layer2: undefined });
  });

  test("a label may make two advertisements conflict", () => {
    const preferred = (label: string, localPref: number) => ({
      localPref,
      nodeSelectors: [{ matchLabels: { [label]: "1" } }],
    });
    set("BGPAdvertisement", configObject("bgp", preferred("rack", 100)));
    set("BGPAdvertisement", configObject("late", preferred("late", 200)));
    expect(next()?.refusals).toEqual([]);
    node("here", { rack: "1", late: "1" });
    expect(next()?.refusals).toEqual(["BGP: BGPAdvertisement metallb-system/late spec.localPref"]);
  });
});

describe("announced addresses", () => {
  const SMALLER = configObject("pool", { addresses: ["192.168.10.8/29", "fd00::80/121"] });

  test.each(["192.168.10.1", "fd00::1"])("that would be stranded hold everything back: %s", (ip) => {
    next();
    set("IPAddressPool", SMALLER);
    const error = `all: Service shop/web announced with ${ip}, which no single pool would contain any more`;
    const waiting = { layer2: undefined, bgp: undefined, refusals: [error] };
    expect(next([ip])).toEqual(waiting);
    expect(next([ip])).toEqual(waiting);
    expect(next([])).toEqual(EVERYTHING);
    expect(next([])).toBeUndefined();
  });

  test("that still have their pool hold nothing back", () => {
    next();
    set("IPAddressPool", SMALLER);
    expect(next(["192.168.10.9", "fd00::90"])).toEqual(EVERYTHING);
  });
});
