import { describe, expect, test } from "vitest";
import { formatIssue } from "../../src/config/issues.ts";
import { validateConfig } from "../../src/config/validate.ts";
import { admit } from "../../src/controller/admission/admit.ts";
import { NO_PAINT } from "../../src/inspect/render/paint.ts";
import { renderValidation } from "../../src/inspect/validate/render-validation.ts";
import { validateManifests } from "../../src/inspect/validate/validate-manifests.ts";
import { NO_OBJECTS } from "../support/config-objects.ts";
import type { KubeObject } from "../../src/ports/kube.ts";
import { planConfigState } from "../../src/reporting/config-state-plan.ts";

const NAMESPACE = "metallb-system";

const LISTS = {
  IPAddressPool: "ipAddressPools",
  L2Advertisement: "l2Advertisements",
  BGPAdvertisement: "bgpAdvertisements",
  BGPPeer: "bgpPeers",
  Community: "communities",
} as const;

interface Invalid {
  readonly kind: keyof typeof LISTS;
  readonly spec: object;
  /** An IPAddressPool that is there already: its addresses. */
  readonly beside?: readonly string[];
  /** What scripts look for. */
  readonly says: string;
}

function object(kind: Invalid["kind"], name: string, spec: object): KubeObject {
  const version = kind === "BGPPeer" ? "v1beta2" : "v1beta1";
  return { apiVersion: `metallb.io/${version}`, kind, metadata: { name, namespace: NAMESPACE }, spec };
}

const PEER = { myASN: 64_512, peerASN: 64_513, peerAddress: "10.0.0.1" };

describe("webhook, validate and ConfigurationState say the same, word for word", () => {
  test.each<Invalid>([
    { kind: "IPAddressPool", spec: { addresses: ["10.0.0.0/33"] }, says: "invalid CIDR" },
    { kind: "IPAddressPool", spec: { addresses: ["fd00::1"] }, says: "invalid CIDR" },
    { kind: "IPAddressPool", spec: { addresses: ["10.0.0.9-10.0.0.1"] }, says: "invalid range" },
    { kind: "IPAddressPool", spec: { addresses: [] }, says: "a pool needs addresses" },
    {
      kind: "IPAddressPool",
      spec: { addresses: ["10.0.0.128/25"] },
      beside: ["10.0.0.0/24"],
      says: "overlaps with already defined CIDR",
    },
    {
      kind: "IPAddressPool",
      spec: { addresses: ["fd00::5-fd00::9"] },
      beside: ["fd00::/64"],
      says: "overlaps with already defined CIDR",
    },
    { kind: "L2Advertisement", spec: { ipAddressPools: ["a", "a"] }, says: "duplicate" },
    {
      kind: "L2Advertisement",
      spec: { nodeSelectors: [{ matchExpressions: [{ key: "a", operator: "Like" }] }] },
      says: "is not a valid label selector operator",
    },
    {
      kind: "BGPAdvertisement",
      spec: { aggregationLength: 26 },
      beside: ["10.0.0.0/28"],
      says: "invalid aggregation length 26",
    },
    {
      kind: "BGPAdvertisement",
      spec: { aggregationLength: 24, serviceSelectors: [{}] },
      says: "serviceSelectors and aggregationLength are mutually exclusive",
    },
    {
      kind: "BGPAdvertisement",
      spec: { communities: ["65000:99999"] },
      says: "invalid community value: invalid section",
    },
    {
      kind: "BGPAdvertisement",
      spec: { communities: ["huge:1:2:3"] },
      says: "expected community to be of format large",
    },
    { kind: "BGPPeer", spec: { ...PEER, peerAddress: "10.0.0.300" }, says: "invalid BGPPeer address" },
    { kind: "BGPPeer", spec: { ...PEER, holdTime: "1s" }, says: "holdTime" },
    {
      kind: "Community",
      spec: {
        communities: [
          { name: "a", value: "1:2" },
          { name: "a", value: "1:3" },
        ],
      },
      says: "duplicate definition of community",
    },
  ])("$kind: $says", ({ kind, spec, beside, says }) => {
    const neighbours = beside === undefined ? [] : [object("IPAddressPool", "beside", { addresses: beside })];
    const wrong = object(kind, "wrong", spec);
    const existing = { ...NO_OBJECTS, ipAddressPools: neighbours };
    const answer = admit({ kind, operation: "CREATE", namespace: NAMESPACE, name: "wrong", object: wrong }, existing);
    expect(answer).toMatchObject({ allowed: false, message: expect.stringContaining(says) as string });

    const list = LISTS[kind];
    const everything = { ...existing, [list]: [...existing[list], wrong] };
    const found = validateConfig(everything).map(formatIssue);
    expect(answer.message.split("\n")).toEqual(found);
    expect(planConfigState("poolReconcilerValid", found, undefined, "2026-01-01T00:00:00Z")).toMatchObject({
      result: "Invalid",
      errorSummary: expect.stringContaining(answer.message) as string,
    });

    const text = [...neighbours, wrong].map((part) => JSON.stringify(part)).join("\n---\n");
    const printed = renderValidation(validateManifests([{ path: "-", text, named: true }], undefined), NO_PAINT);
    for (const line of found) expect(printed).toContain(`: error: ${line}\n`);
  });
});
