import type * as z from "zod";
import type { KubeObject } from "../ports/kube.ts";
import { fieldsOf, textMapOf, textOf } from "./fields.ts";
import type { ConfigIssue, IssueKind } from "./issues.ts";
import type { Labels } from "./selector.ts";

/** Records an issue of the object at hand; `field` is a path such as `spec.addresses[2]`. */
export type Complain = (field: string, message: string, fix: string, kind?: IssueKind) => void;

/** Keeps of a configuration object what the parsers look at. Never throws. */
export function projectResource(object: KubeObject): KubeObject {
  const metadata = fieldsOf(object.metadata);
  const generation = metadata["generation"];
  return {
    metadata: {
      name: textOf(metadata["name"]) ?? "",
      namespace: textOf(metadata["namespace"]) ?? "",
      labels: textMapOf(metadata["labels"]),
      ...(typeof generation === "number" ? { generation } : {}),
    },
    spec: object["spec"],
  };
}

export function nameOf(object: KubeObject): string {
  return textOf(fieldsOf(object.metadata)["name"]) ?? "";
}

export function labelsOf(object: KubeObject): Labels {
  return textMapOf(fieldsOf(object.metadata)["labels"]);
}

export function byName(a: KubeObject, b: KubeObject): number {
  const [nameA, nameB] = [nameOf(a), nameOf(b)];
  return nameA < nameB ? -1 : nameA > nameB ? 1 : 0;
}

/** A collector for the issues of one object. */
export function complaintsAbout(kind: string, object: KubeObject, issues: ConfigIssue[]): Complain {
  const namespace = textOf(fieldsOf(object.metadata)["namespace"]) ?? "";
  const name = `${kind} ${namespace === "" ? "" : `${namespace}/`}${nameOf(object)}`;
  return (field, message, fix, kind = "invalid") => {
    issues.push({ kind, object: name, field, message, fix });
  };
}

/**
 * Checks `object.spec` against the kind's schema, as the API server does, and fills in defaults. Undefined when there
 * were complaints.
 */
export function parseSpec<T>(
  schema: z.ZodType<T>,
  kind: string,
  object: KubeObject,
  complain: Complain,
): T | undefined {
  const result = schema.safeParse(object["spec"] ?? {});
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const names = ["spec", ...issue.path.filter((part) => typeof part === "string")].join(".");
    complain(fieldPath(issue.path), issue.message, `see kubectl explain ${kind.toLowerCase()}.${names}`);
  }
  return undefined;
}

function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}.${String(part)}`),
    "spec",
  );
}

/** Complains about each text that was there before. */
export function refuseRepeats(texts: readonly string[], field: string, complain: Complain): void {
  const seen = new Set<string>();
  for (const [i, text] of texts.entries()) {
    if (seen.has(text)) complain(`${field}[${i}]`, `duplicate entry ${JSON.stringify(text)}`, "remove one of the two");
    seen.add(text);
  }
}
