import { WEBHOOKS } from "../../src/controller/admission/webhooks.ts";
import { KINDS } from "../../src/config/kinds.ts";

/** The ValidatingWebhookConfiguration that a chart installs: six webhooks, without a caBundle. */
export function webhookConfiguration(namespace: string): object {
  const webhooks = (Object.keys(WEBHOOKS) as (keyof typeof WEBHOOKS)[]).map((kind) => {
    const { group, version, plural } = KINDS[kind];
    const operations = kind === "BFDProfile" ? ["CREATE", "UPDATE", "DELETE"] : ["CREATE", "UPDATE"];
    return {
      name: `${kind.toLowerCase()}validationwebhook.metallb.io`,
      admissionReviewVersions: ["v1"],
      clientConfig: { service: { namespace, name: "metallb-webhook-service", path: WEBHOOKS[kind].path } },
      failurePolicy: "Fail",
      sideEffects: "None",
      rules: [{ apiGroups: [group], apiVersions: [version], operations, resources: [plural] }],
    };
  });
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "metallb-webhook-configuration" },
    webhooks,
  };
}
