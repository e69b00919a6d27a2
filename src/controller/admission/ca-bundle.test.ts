import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../ports/kube.ts";
import { BUNDLE_TARGETS, planInjection } from "./ca-bundle.ts";

const [CONFIGURATION, DEFINITION] = BUNDLE_TARGETS as [(typeof BUNDLE_TARGETS)[0], (typeof BUNDLE_TARGETS)[0]];
const PEM = "-----BEGIN CERTIFICATE-----\n";
const BUNDLE = btoa(PEM);

function configuration(...bundles: readonly (string | undefined)[]): KubeObject {
  const webhooks = bundles.map((caBundle, i) => ({ name: `w${i}`, clientConfig: { service: {}, caBundle } }));
  return { metadata: { name: CONFIGURATION.name }, webhooks };
}

function definition(conversion: unknown): KubeObject {
  return { metadata: { name: DEFINITION.name }, spec: { conversion } };
}

const CONVERSION = "/spec/conversion/webhook/clientConfig/caBundle";
const IS_WEBHOOK = { op: "test", path: "/spec/conversion/strategy", value: "Webhook" };

describe("injection", () => {
  test.each<[string, typeof CONFIGURATION, KubeObject, readonly object[] | undefined]>([
    ["no webhooks", CONFIGURATION, configuration(), undefined],
    ["all right", CONFIGURATION, configuration(BUNDLE, BUNDLE), undefined],
    [
      "none yet, and another",
      CONFIGURATION,
      configuration(undefined, BUNDLE, "AAAA"),
      [
        { op: "test", path: "/webhooks/0/name", value: "w0" },
        { op: "add", path: "/webhooks/0/clientConfig/caBundle", value: BUNDLE },
        { op: "test", path: "/webhooks/2/name", value: "w2" },
        { op: "add", path: "/webhooks/2/clientConfig/caBundle", value: BUNDLE },
      ],
    ],
    ["garbage", CONFIGURATION, { metadata: { name: "x" }, webhooks: "many" }, undefined],
    ["no conversion", DEFINITION, definition(undefined), undefined],
    ["strategy None", DEFINITION, definition({ strategy: "None" }), undefined],
    [
      "strategy None with a leftover",
      DEFINITION,
      definition({ strategy: "None", webhook: { clientConfig: {} } }),
      undefined,
    ],
    ["strategy Webhook without one", DEFINITION, definition({ strategy: "Webhook" }), undefined],
    [
      "strategy Webhook, right",
      DEFINITION,
      definition({ strategy: "Webhook", webhook: { clientConfig: { caBundle: BUNDLE } } }),
      undefined,
    ],
    [
      "strategy Webhook",
      DEFINITION,
      definition({ strategy: "Webhook", webhook: { clientConfig: { service: {} } } }),
      [IS_WEBHOOK, { op: "add", path: CONVERSION, value: BUNDLE }],
    ],
  ])("%s", (_, target, object, want) => {
    expect(planInjection(target.slots(object), PEM)).toEqual(want);
  });
});
