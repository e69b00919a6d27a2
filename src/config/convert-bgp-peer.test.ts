import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "../ports/kube.ts";
import type { BgpPeerVersion } from "./convert-bgp-peer.ts";
import { convertBgpPeer } from "./convert-bgp-peer.ts";

const METADATA = {
  namespace: "metallb-system",
  name: "router",
  uid: "u1",
  resourceVersion: "7",
  labels: { rack: "1" },
  annotations: { note: "kept" },
  managedFields: [{ manager: "kubectl", fieldsV1: { "f:spec": {} } }],
};

function peer(version: BgpPeerVersion, spec: object): KubeObject {
  return { apiVersion: `metallb.io/${version}`, kind: "BGPPeer", metadata: METADATA, spec, status: {} };
}

/** What becomes of `spec`, and what is lost. */
function convert(spec: object, to: BgpPeerVersion): { spec: unknown; lost: readonly string[] } {
  const converted = convertBgpPeer(peer(to === "v1beta1" ? "v1beta2" : "v1beta1", spec), to);
  if (!converted.ok) throw new Error(converted.error);
  return { spec: converted.value.object["spec"], lost: converted.value.lost };
}

const EVERYTHING_SHARED = {
  myASN: 64512,
  peerASN: 64513,
  peerAddress: "2001:db8::1",
  sourceAddress: "2001:db8::2",
  peerPort: 1179,
  holdTime: "1m30s",
  keepaliveTime: "30s",
  routerID: "192.0.2.1",
  password: "secret",
  bfdProfile: "fast",
  ebgpMultiHop: true,
};

const EVERYTHING_LOST = {
  localASN: 64514,
  dynamicASN: "internal",
  interface: "eth0",
  connectTime: "10s",
  passwordSecret: { name: "s" },
  enableGracefulRestart: true,
  vrf: "red",
  disableMP: true,
  dualStackAddressFamily: true,
};

const MINIMUM = { myASN: 64512, peerASN: 64513, peerAddress: "192.0.2.1" };

test("metadata is kept as it is, and the status is not carried", () => {
  expect(convertBgpPeer(peer("v1beta1", MINIMUM), "v1beta2")).toEqual({
    ok: true,
    value: {
      object: { apiVersion: "metallb.io/v1beta2", kind: "BGPPeer", metadata: METADATA, spec: MINIMUM },
      lost: [],
    },
  });
});

describe.each(["v1beta1", "v1beta2"] as const)("to %s", (to) => {
  test("every shared field is copied", () => {
    expect(convert(EVERYTHING_SHARED, to)).toEqual({ spec: EVERYTHING_SHARED, lost: [] });
  });

  test.each([
    ["absent timers stay absent", {}],
    ["zero timers stay zero", { holdTime: "0s", keepaliveTime: "0s" }],
    ["one timer stays one", { holdTime: "9s" }],
  ])("%s", (_, timers) => {
    expect(convert({ ...MINIMUM, ...timers }, to).spec).toEqual({ ...MINIMUM, ...timers });
  });

  test("no selectors and an empty list are the same", () => {
    expect(convert({ ...MINIMUM, nodeSelectors: [] }, to).spec).toEqual(MINIMUM);
  });

  test("labels and expressions are kept, and a selector of nothing stays one that selects all", () => {
    const nodeSelectors = [
      { matchLabels: { rack: "1" } },
      { matchExpressions: [{ key: "zone", operator: "In", values: ["a", "b"] }] },
      {},
    ];
    expect(convert({ ...MINIMUM, nodeSelectors }, to).spec).toEqual({ ...MINIMUM, nodeSelectors });
  });

  test("an object of the version that is asked for comes back as it is", () => {
    const same = peer(to, EVERYTHING_LOST);
    expect(convertBgpPeer(same, to)).toEqual({ ok: true, value: { object: same, lost: [] } });
  });
});

test("v1beta1 requires values, which v1beta2 leaves out for Exists", () => {
  const exists = { ...MINIMUM, nodeSelectors: [{ matchExpressions: [{ key: "a", operator: "Exists" }] }] };
  const legacy = { ...MINIMUM, nodeSelectors: [{ matchExpressions: [{ key: "a", operator: "Exists", values: [] }] }] };
  expect(convert(exists, "v1beta1").spec).toEqual(legacy);
  expect(convert(legacy, "v1beta2").spec).toEqual(exists);
});

test("port 0 of v1beta1 is no port, so that the default applies", () => {
  expect(convert({ ...MINIMUM, peerPort: 0 }, "v1beta2").spec).toEqual(MINIMUM);
});

describe("what v1beta1 has no place for", () => {
  test("is named", () => {
    const { spec, lost } = convert({ ...MINIMUM, ...EVERYTHING_LOST }, "v1beta1");
    expect(spec).toEqual(MINIMUM);
    expect(lost).toEqual(Object.keys(EVERYTHING_LOST));
  });

  test("is not named when it says nothing", () => {
    const defaults = { disableMP: false, dualStackAddressFamily: false, vrf: "" };
    expect(convert({ ...MINIMUM, ...defaults }, "v1beta1").lost).toEqual([]);
  });

  test("required fields have the values that stand for absent, and lose them on the way back", () => {
    const unnumbered = { myASN: 64512, dynamicASN: "external", interface: "eth0" };
    const { spec, lost } = convert(unnumbered, "v1beta1");
    expect(spec).toEqual({ myASN: 64512, peerASN: 0, peerAddress: "" });
    expect(lost).toEqual(["dynamicASN", "interface"]);
    expect(convert(spec as object, "v1beta2").spec).toEqual({ myASN: 64512 });
  });
});

test.each([
  [{ apiVersion: "metallb.io/v1beta1", kind: "Community" }, '"Community" of "metallb.io/v1beta1"'],
  [{ apiVersion: "metallb.io/v1", kind: "BGPPeer" }, '"BGPPeer" of "metallb.io/v1"'],
  [{}, "nothing of nothing"],
])("%j can't be converted", (head, why) => {
  const converted = convertBgpPeer({ metadata: { name: "x" }, ...head }, "v1beta2");
  expect(converted).toEqual({ ok: false, error: `only a BGPPeer of metallb.io can be converted, not ${why}` });
});

test("any spec is converted there and back without throwing, and what v1beta1 can say is the same then", () => {
  const spec = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        myASN: fc.nat(),
        peerASN: fc.integer({ min: 1 }),
        peerAddress: fc.constantFrom("192.0.2.1", "fd00::1"),
        peerPort: fc.integer({ min: 1, max: 16_384 }),
        holdTime: fc.constantFrom("0s", "90s"),
        nodeSelectors: fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())),
      },
      { requiredKeys: ["myASN", "peerASN", "peerAddress"] },
    ),
  );
  fc.assert(
    fc.property(spec, (hostile) => {
      const there = convert(hostile as object, "v1beta2").spec as object;
      const back = convert(there, "v1beta1").spec as object;
      const again = convert(back, "v1beta2").spec;
      expect(again).toEqual(there);
    }),
  );
});
