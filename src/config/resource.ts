import type * as z from "zod";
import type { KubeObject } from "../ports/kube.ts";
import { fieldsOf, textMapOf, textOf } from "./fields.ts";
import type { ConfigIssue, IssueKind } from "./issues.ts";
import type { Labels } from "./selector.ts";
import { sizeProblem } from "./size-limits.ts";

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

function byName(a: KubeObject, b: KubeObject): number {
  const [nameA, nameB] = [nameOf(a), nameOf(b)];
  return nameA < nameB ? -1 : nameA > nameB ? 1 : 0;
}

/** Issues of one object and one kind beyond these are only told as "more". */
const MOST_ISSUES = 100;

/** Texts of users end up in issues; the rest of a longer one is cut off. */
const LONGEST_TEXT = 1000;

/** A collector for the issues of one object. */
export function complaintsAbout(kind: string, object: KubeObject, issues: ConfigIssue[]): Complain {
  const namespace = textOf(fieldsOf(object.metadata)["namespace"]) ?? "";
  const name = `${kind} ${namespace === "" ? "" : `${namespace}/`}${nameOf(object)}`;
  const count = { invalid: 0, unresolved: 0 };
  return (field, message, fix, issueKind = "invalid") => {
    count[issueKind] += 1;
    const about = { kind: issueKind, object: name };
    if (count[issueKind] <= MOST_ISSUES)
      issues.push({ ...about, field: clip(field), message: clip(message), fix: clip(fix) });
    else if (count[issueKind] === MOST_ISSUES + 1)
      issues.push({ ...about, field: "spec", message: "there are more issues", fix: "mend these" });
  };
}

function clip(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
}

/**
 * Parses the objects of a kind in name order, so that results don't depend on the order in which objects come. Objects
 * with an invalid part are left out; those that only refer to something that is not there (yet) are kept.
 */
export function parseEach<T>(
  kind: string,
  resources: readonly KubeObject[],
  parse: (resource: KubeObject, complain: Complain) => T | undefined,
): { readonly parsed: readonly T[]; readonly issues: readonly ConfigIssue[] } {
  const issues: ConfigIssue[] = [];
  const parsed: T[] = [];
  const names = new Set<string>();
  for (const resource of [...resources].sort(byName)) {
    const found: ConfigIssue[] = [];
    const complain = complaintsAbout(kind, resource, found);
    refuseRepeatedName(kind, nameOf(resource), names, complain);
    const result = parse(resource, complain);
    if (result !== undefined && found.every((issue) => issue.kind === "unresolved")) parsed.push(result);
    issues.push(...found);
  }
  return { parsed, issues };
}

function refuseRepeatedName(kind: string, name: string, names: Set<string>, complain: Complain): void {
  const at = "metadata.name";
  if (name === "") complain(at, "a name is required", "name it");
  else if (names.has(name)) complain(at, `duplicate definition of ${kind} ${JSON.stringify(name)}`, "rename one");
  names.add(name);
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
  const tooLarge = sizeProblem(object["spec"]);
  if (tooLarge !== undefined) {
    complain(`spec${tooLarge.path}`, `too large: ${tooLarge.message}`, "split it into several objects");
    return undefined;
  }
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
