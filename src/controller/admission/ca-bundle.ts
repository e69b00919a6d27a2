import { fieldsOf, itemsOf, textOf } from "../../config/fields.ts";
import { KINDS } from "../../config/kinds.ts";
import type { KubeObject, ResourceType } from "../../ports/kube.ts";

/** A place in an object that names the authority of a webhook. */
export interface BundleSlot {
  /** JSON pointer of the caBundle. */
  readonly path: string;
  /** Base64 of PEM; "" when nothing is there. */
  readonly caBundle: string;
  /** What must still be so for `path` to mean the same thing. */
  readonly guard: { readonly path: string; readonly value: string };
}

/** An object that tells the API server how to reach our webhooks. */
export interface BundleTarget {
  readonly resource: ResourceType;
  readonly name: string;
  /** Never throws. Empty: this object needs no bundle. */
  slots(object: KubeObject): readonly BundleSlot[];
}

/** No configuration has more webhooks, and no bundle is larger. */
const MOST_WEBHOOKS = 64;
const LONGEST_BUNDLE = 1024 * 1024;

export const BUNDLE_TARGETS: readonly BundleTarget[] = [
  {
    resource: KINDS.ValidatingWebhookConfiguration,
    name: "metallb-webhook-configuration",
    slots: (object) =>
      itemsOf(object["webhooks"], MOST_WEBHOOKS).map((webhook, i) => {
        const { name, clientConfig } = fieldsOf(webhook);
        return {
          path: `/webhooks/${i}/clientConfig/caBundle`,
          caBundle: bundleOf(clientConfig),
          guard: { path: `/webhooks/${i}/name`, value: textOf(name) ?? "" },
        };
      }),
  },
  {
    resource: KINDS.CustomResourceDefinition,
    name: "bgppeers.metallb.io",
    slots: (object) => {
      const conversion = fieldsOf(fieldsOf(object["spec"])["conversion"]);
      const clientConfig = fieldsOf(conversion["webhook"])["clientConfig"];
      if (conversion["strategy"] !== "Webhook" || clientConfig === undefined) return [];
      return [
        {
          path: "/spec/conversion/webhook/clientConfig/caBundle",
          caBundle: bundleOf(clientConfig),
          guard: { path: "/spec/conversion/strategy", value: "Webhook" },
        },
      ];
    },
  },
];

/** The JSON patch that puts `bundle` (PEM) into every slot that has another; undefined when none has. */
export function planInjection(slots: readonly BundleSlot[], bundle: string): readonly object[] | undefined {
  const value = btoa(bundle);
  const wrong = slots.filter(({ caBundle }) => caBundle !== value);
  if (wrong.length === 0) return undefined;
  return wrong.flatMap(({ path, guard }) => [
    { op: "test", ...guard },
    { op: "add", path, value },
  ]);
}

function bundleOf(clientConfig: unknown): string {
  return textOf(fieldsOf(clientConfig)["caBundle"], LONGEST_BUNDLE) ?? "";
}
