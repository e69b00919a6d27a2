import { forbiddenValue, invalidValue, requiredValue, unsupportedValue } from "../field-errors.ts";
import type { ApiObject, Json } from "../objects.ts";
import { at, isRecord, record, records, strings, text } from "../objects.ts";
import type { PrinterColumn, ServedResource, Subresource } from "../resources.ts";
import type { FieldError } from "../status.ts";
import type { Strategy } from "../strategy.ts";
import { DEFAULT_STRATEGY } from "../strategy.ts";
import { defaultWebhookClient, validateWebhookClient } from "./webhook-client.ts";
import { validateReviewVersions } from "./webhook-configuration.ts";

const ALL_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"] as const;
export const CRD_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

function subresources(version: Json): Subresource[] {
  return (["scale", "status"] as const).filter((name) => isRecord(at(version["subresources"], name)));
}

/** What a CustomResourceDefinition makes the server serve, one entry per served version. */
export function servedByDefinition(crd: ApiObject): readonly ServedResource[] {
  const spec = record(crd["spec"]);
  const names = record(spec["names"]);
  const kind = text(names["kind"]);
  return records(spec["versions"])
    .filter((version) => version["served"] === true)
    .map((version): ServedResource => {
      const columns = records(version["additionalPrinterColumns"]) as unknown as PrinterColumn[];
      return {
        group: text(spec["group"]),
        version: text(version["name"]),
        plural: text(names["plural"]),
        singular: text(names["singular"]) || kind.toLowerCase(),
        kind,
        listKind: text(names["listKind"]) || `${kind}List`,
        namespaced: spec["scope"] === "Namespaced",
        shortNames: strings(names["shortNames"]),
        categories: strings(names["categories"]),
        verbs: ALL_VERBS,
        subresources: subresources(version).filter((name) => name === "status"),
        custom: true,
        schema: record(at(version["schema"], "openAPIV3Schema")),
        ...(columns.length === 0 ? {} : { printerColumns: columns }),
        ...(version["deprecated"] === true ? { deprecation: deprecation(spec, version) } : {}),
      };
    });
}

function deprecation(spec: Json, version: Json): string {
  const standard = `${text(spec["group"])}/${text(version["name"])} ${text(at(spec["names"], "kind"))} is deprecated`;
  return text(version["deprecationWarning"]) || standard;
}

export function storageVersion(crd: ApiObject): string {
  const stored = records(at(crd["spec"], "versions")).find((version) => version["storage"] === true);
  return text(stored?.["name"]);
}

function defaultNames(spec: Json): void {
  const names = record(spec["names"]);
  const kind = text(names["kind"]);
  names["singular"] ??= kind.toLowerCase();
  names["listKind"] ??= `${kind}List`;
  spec["conversion"] ??= { strategy: "None" };
  const clientConfig = at(spec["conversion"], "webhook", "clientConfig");
  if (isRecord(clientConfig)) defaultWebhookClient(clientConfig);
}

function validateDefinition(crd: ApiObject): FieldError[] {
  const spec = record(crd["spec"]);
  const group = text(spec["group"]);
  const plural = text(at(spec["names"], "plural"));
  const errors: FieldError[] = [];
  if (group === "") errors.push(requiredValue("spec.group"));
  if (plural === "") errors.push(requiredValue("spec.names.plural"));
  if (text(at(spec["names"], "kind")) === "") errors.push(requiredValue("spec.names.kind"));
  if (spec["scope"] !== "Namespaced" && spec["scope"] !== "Cluster") errors.push(requiredValue("spec.scope"));
  if (crd.metadata.name !== `${plural}.${group}`) {
    const why = 'must be spec.names.plural+"."+spec.group';
    errors.push(invalidValue("metadata.name", crd.metadata.name, why));
  }
  return [...errors, ...validateVersions(records(spec["versions"])), ...validateConversion(record(spec["conversion"]))];
}

function validateConversion({ strategy, webhook }: Json): FieldError[] {
  const path = "spec.conversion";
  if (strategy === "None") {
    const why = "should not be set when strategy is not set to Webhook";
    return webhook === undefined ? [] : [forbiddenValue(`${path}.webhook`, why)];
  }
  if (strategy !== "Webhook") return [unsupportedValue(`${path}.strategy`, strategy, ["None", "Webhook"])];
  const client = at(webhook, "clientConfig");
  const versions = at(webhook, "conversionReviewVersions");
  return [
    ...(isRecord(client)
      ? validateWebhookClient(client, `${path}.webhook.clientConfig`)
      : [requiredValue(`${path}.webhook.clientConfig`, "required when strategy is set to Webhook")]),
    ...validateReviewVersions(versions, `${path}.webhook.conversionReviewVersions`),
  ];
}

function validateVersions(versions: readonly Json[]): FieldError[] {
  const errors = versions.flatMap((version, i) =>
    isRecord(at(version["schema"], "openAPIV3Schema"))
      ? []
      : [requiredValue(`spec.versions[${i}].schema.openAPIV3Schema`, "schemas are required")],
  );
  if (versions.filter((version) => version["storage"] === true).length !== 1) {
    errors.push(
      invalidValue(
        "spec.versions",
        versions.map(({ name }) => name),
        "must have exactly one version marked as storage version",
      ),
    );
  }
  return errors;
}

/** The status of a definition that is served. */
function establishedStatus(crd: ApiObject, time: string): Json {
  const condition = (type: string, reason: string, message: string): Json => ({
    type,
    status: "True",
    lastTransitionTime: time,
    reason,
    message,
  });
  return {
    conditions: [
      condition("NamesAccepted", "NoConflicts", "no conflicts found"),
      condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ],
    acceptedNames: at(crd["spec"], "names"),
    storedVersions: [storageVersion(crd)],
  };
}

/** CustomResourceDefinitions. The definition controller serves what they define. */
export function crdStrategy(now: () => string): Strategy {
  return {
    ...DEFAULT_STRATEGY,
    generation: true,
    unconditionalUpdate: false,
    fieldLabels: {},
    defaults: (next) => defaultNames(record(next["spec"])),
    prepare: (next, old) => {
      if (old !== undefined) return;
      next["status"] = establishedStatus(next, now());
      next.metadata.finalizers = [...(next.metadata.finalizers ?? []), CRD_FINALIZER];
    },
    validate: validateDefinition,
  };
}
