/**
 * Writes src/dev/api-server/schema/core-types.json: names, protobuf numbers, types, list and merge markers and texts
 * of the built-in kinds that the development API server serves.
 *
 * Source: the Go types of Kubernetes 1.36 (Apache-2.0) as Debian packages them:
 *
 *     apt-get download golang-k8s-api-dev golang-k8s-apimachinery-dev golang-k8s-apiextensions-apiserver-dev  # sid, 0.36.4
 *     for d in *.deb; do dpkg -x $d src; done
 *     node scripts/generate-kubernetes-types.ts src/usr/share/gocode/src
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const API = "k8s.io/api";
const PACKAGES: Readonly<Record<string, string>> = {
  "meta.v1": "k8s.io/apimachinery/pkg/apis/meta/v1",
  "core.v1": `${API}/core/v1`,
  "apps.v1": `${API}/apps/v1`,
  "autoscaling.v1": `${API}/autoscaling/v1`,
  "authentication.v1": `${API}/authentication/v1`,
  "authorization.v1": `${API}/authorization/v1`,
  "admissionregistration.v1": `${API}/admissionregistration/v1`,
  "coordination.v1": `${API}/coordination/v1`,
  "discovery.v1": `${API}/discovery/v1`,
  "events.v1": `${API}/events/v1`,
  "networking.v1": `${API}/networking/v1`,
  "policy.v1": `${API}/policy/v1`,
  "rbac.v1": `${API}/rbac/v1`,
  "scheduling.v1": `${API}/scheduling/v1`,
  "apiextensions.v1": "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1",
};

/** Kinds to keep, with everything they reach. */
const ROOTS = [
  "Namespace Node Service Endpoints Pod Secret ConfigMap ServiceAccount Event".split(" ").map((k) => `core.v1.${k}`),
  "Deployment DaemonSet ReplicaSet StatefulSet".split(" ").map((k) => `apps.v1.${k}`),
  "SubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview LocalSubjectAccessReview"
    .split(" ")
    .map((k) => `authorization.v1.${k}`),
  "TokenReview TokenRequest SelfSubjectReview".split(" ").map((k) => `authentication.v1.${k}`),
  "Role ClusterRole RoleBinding ClusterRoleBinding".split(" ").map((k) => `rbac.v1.${k}`),
  "DeleteOptions Status ListMeta LabelSelector".split(" ").map((k) => `meta.v1.${k}`),
  "ValidatingWebhookConfiguration MutatingWebhookConfiguration".split(" ").map((k) => `admissionregistration.v1.${k}`),
  ["policy.v1.PodDisruptionBudget", "policy.v1.Eviction", "networking.v1.NetworkPolicy", "autoscaling.v1.Scale"],
  ["events.v1.Event", "discovery.v1.EndpointSlice", "coordination.v1.Lease", "scheduling.v1.PriorityClass"],
  ["apiextensions.v1.CustomResourceDefinition"],
].flat();

/** Types whose wire form is not that of their Go struct. */
const SPECIAL: Readonly<Record<string, string>> = {
  "meta.v1.Time": "time",
  "meta.v1.MicroTime": "microtime",
  "meta.v1.FieldsV1": "fieldsv1",
  "resource.Quantity": "quantity",
  "intstr.IntOrString": "intorstring",
  "runtime.RawExtension": "raw",
  "types.UID": "string",
  "apiextensions.v1.JSON": "json",
  "apiextensions.v1.JSONSchemaPropsOrArray": "json",
  "apiextensions.v1.JSONSchemaPropsOrBool": "json",
  "apiextensions.v1.JSONSchemaPropsOrStringArray": "json",
};

const SCALARS: Readonly<Record<string, string>> = {
  string: "string",
  bool: "bool",
  int: "int64",
  int32: "int32",
  int64: "int64",
  uint32: "int32",
  float64: "double",
  byte: "byte",
  rune: "int32",
};

interface Field {
  /** JSON name; "" when inlined. */
  name: string;
  /** Protobuf field number; 0 when the field is not on the wire. */
  n: number;
  t: string;
  doc?: string;
  /** omitempty */
  o?: 1;
  required?: 1;
  list?: string;
  keys?: string[];
  atomic?: 1;
  strategy?: string;
  mergeKey?: string;
  default?: unknown;
}

interface Struct {
  doc: string;
  atomic?: 1;
  fields: Field[];
}

const structs = new Map<string, Struct>();
const aliases = new Map<string, string>();
const enums = new Map<string, string[]>();

function main(): void {
  const root = process.argv[2];
  if (root === undefined) throw new Error("usage: generate-kubernetes-types.ts <gocode/src>");
  for (const [name, path] of Object.entries(PACKAGES)) parseFile(name, join(root, path, "types.go"));
  const apiextensions = PACKAGES["apiextensions.v1"]!;
  parseFile("apiextensions.v1", join(root, apiextensions, "types_jsonschema.go"));
  const kept = reach(ROOTS);
  const out = resolve(import.meta.dirname, "../src/dev/api-server/schema/core-types.json");
  writeFileSync(out, render(kept));
}

function parseFile(name: string, file: string): void {
  let comment: string[] = [];
  let current: Struct | undefined;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const text = /^\s*\/\/ ?(.*)$/.exec(line)?.[1];
    if (text !== undefined) {
      comment.push(text);
      continue;
    }
    if (current !== undefined && line.startsWith("}")) current = undefined;
    else if (current === undefined) current = parseTopLevel(name, line, comment);
    else parseField(name, current, line, comment);
    comment = [];
  }
}

function parseTopLevel(pkg: string, line: string, comment: readonly string[]): Struct | undefined {
  const struct = /^type (\w+) struct ?\{(\})?$/.exec(line);
  if (struct !== null) {
    const markers = markersOf(comment);
    const parsed: Struct = { doc: docOf(comment), fields: [] };
    if (markers.get("structType")?.[0] === "atomic") parsed.atomic = 1;
    structs.set(`${pkg}.${struct[1]!}`, parsed);
    return struct[2] === undefined ? parsed : undefined;
  }
  const alias = /^type (\w+) (\S.*?)$/.exec(line);
  if (alias !== null) aliases.set(`${pkg}.${alias[1]!}`, alias[2]!);
  const value = /^\s*\w+\s+(\w+)\s*=\s*"([^"]*)"/.exec(line);
  if (value !== null) {
    const type = `${pkg}.${value[1]!}`;
    enums.set(type, [...(enums.get(type) ?? []), value[2]!]);
  }
  return undefined;
}

interface Tags {
  /** JSON name; "" when inlined. */
  readonly name: string;
  readonly inline: boolean;
  readonly omitted: boolean;
  readonly all: ReadonlyMap<string, string>;
}

function tagsOf(text: string): Tags {
  const all = new Map([...text.matchAll(/(\w+):"([^"]*)"/g)].map((tag) => [tag[1]!, tag[2]!]));
  const [name = "", ...options] = (all.get("json") ?? "-").split(",");
  const omitted = options.includes("omitempty") || options.includes("omitzero");
  return { name, inline: options.includes("inline"), omitted, all };
}

function parseField(pkg: string, struct: Struct, line: string, comment: readonly string[]): void {
  const match = /^\s+(?:\w+\s+)?(\S+)\s+`(.*)`/.exec(line);
  if (match === null || match[1]!.endsWith("TypeMeta")) return;
  const { name, inline, omitted, all } = tagsOf(match[2]!);
  if (name === "-" || (name === "" && !inline)) return;
  const markers = markersOf(comment);
  const doc = docOf(comment);
  const optional = [omitted, inline, markers.has("optional")].includes(true);
  struct.fields.push({
    name,
    n: Number(all.get("protobuf")?.split(",")[1] ?? 0),
    t: typeOf(pkg, match[1]!),
    ...present("doc", doc === "" ? undefined : doc),
    ...flag("o", omitted),
    ...flag("required", !optional),
    ...listMarkers(markers),
    ...present("strategy", all.get("patchStrategy")),
    ...present("mergeKey", all.get("patchMergeKey")),
  });
}

function present<K extends keyof Field>(key: K, value: Field[K] | undefined): Partial<Field> {
  return value === undefined ? {} : { [key]: value };
}

function flag(key: "o" | "required" | "atomic", set: boolean): Partial<Field> {
  return set ? { [key]: 1 } : {};
}

function listMarkers(markers: ReadonlyMap<string, string[]>): Partial<Field> {
  const atomic = markers.get("mapType")?.[0] === "atomic" || markers.get("structType")?.[0] === "atomic";
  const fallback = markers.get("default")?.[0];
  return {
    ...present("list", markers.get("listType")?.[0]),
    ...present("keys", markers.get("listMapKey")),
    ...flag("atomic", atomic),
    ...(fallback === undefined || fallback.startsWith("ref(") ? {} : { default: JSON.parse(fallback) as unknown }),
  };
}

function markersOf(comment: readonly string[]): Map<string, string[]> {
  const markers = new Map<string, string[]>();
  for (const line of comment) {
    const match = /^\+([\w:.-]+)(?:=(.*))?$/.exec(line.trim());
    if (match !== null) markers.set(match[1]!, [...(markers.get(match[1]!) ?? []), match[2] ?? ""]);
  }
  return markers;
}

/** The text of a comment as the API documents show it: markers, TODOs and everything after `---` left out. */
function docOf(comment: readonly string[]): string {
  const end = comment.findIndex((line) => line.trim() === "---");
  const lines = (end === -1 ? comment : comment.slice(0, end)).filter((line) => !/^\s*(\+|TODO|FIXME)/.test(line));
  const text = lines
    .map((line) => (line.trim() === "" ? "\n" : `${line.trim()} `))
    .join("")
    .replaceAll(/ *\n[ \n]*/g, "\n")
    .trim();
  return text;
}

/** `*[]core.v1.ServicePort`: Go's notation, with scalars and special types by our names. */
function typeOf(pkg: string, go: string): string {
  if (go.startsWith("*")) return `*${typeOf(pkg, go.slice(1))}`;
  if (go === "[]byte") return "bytes";
  if (go.startsWith("[]")) return `[]${typeOf(pkg, go.slice(2))}`;
  const map = /^map\[[^\]]+\](.*)$/.exec(go);
  if (map !== null) return `{}${typeOf(pkg, map[1]!)}`;
  if (SCALARS[go] !== undefined) return SCALARS[go];
  const name = qualify(pkg, go);
  return SPECIAL[name] ?? name;
}

function qualify(pkg: string, go: string): string {
  const dot = go.indexOf(".");
  if (dot === -1) return `${pkg}.${go}`;
  const prefix = go.slice(0, dot);
  const type = go.slice(dot + 1);
  if (prefix === "metav1") return `meta.v1.${type}`;
  if (prefix === "v1" || prefix === "corev1" || prefix === "apiv1") return `core.v1.${type}`;
  return `${prefix}.${type}`;
}

/** Every struct that the roots reach, with the aliases (`type Protocol string`) resolved. */
function reach(roots: readonly string[]): Map<string, Struct> {
  const kept = new Map<string, Struct>();
  const queue = [...roots];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (kept.has(name)) continue;
    const struct = structs.get(name);
    if (struct === undefined) throw new Error(`${name} is not among the types`);
    kept.set(name, struct);
    for (const field of struct.fields) {
      field.t = resolveAlias(field.t);
      const base = field.t.replace(/^[*[\]{}~]+/, "");
      if (base.includes(".")) queue.push(base);
    }
  }
  return kept;
}

function resolveAlias(type: string): string {
  const prefix = /^[*[\]{}~]*/.exec(type)![0];
  const base = type.slice(prefix.length);
  const alias = aliases.get(base);
  if (alias === undefined || structs.has(base)) return type;
  const pkg = base.slice(0, base.lastIndexOf("."));
  // A list as a map's value is a message of its own on the wire: `message ExtraValue { repeated string items = 1; }`
  const wrapped = alias.startsWith("[]") && prefix.endsWith("{}") ? "~" : "";
  return prefix + wrapped + resolveAlias(typeOf(pkg, alias));
}

/** Long texts of rarely read types are cut after the first sentence: the file is loaded by every start of the server. */
function shorten(type: string, text: string): string {
  const limit = /\.(Service|ServiceSpec|ServicePort|ServiceStatus|ObjectMeta|LoadBalancer\w+)$/.test(type) ? 900 : 160;
  if (text.length <= limit) return text;
  const cut = text.lastIndexOf(". ", limit);
  return cut > 20 ? text.slice(0, cut + 1) : `${text.slice(0, text.lastIndexOf(" ", limit))}…`;
}

function render(kept: ReadonlyMap<string, Struct>): string {
  const types = [...kept.keys()].sort().map((name) => {
    const { doc, atomic, fields } = kept.get(name)!;
    const rows = fields.map((field) => {
      const text = field.doc === undefined ? {} : { doc: shorten(name, field.doc) };
      return `      ${JSON.stringify({ ...field, ...text })}`;
    });
    const head = JSON.stringify({ doc: shorten(name, doc), ...(atomic === undefined ? {} : { atomic }) }).slice(1, -1);
    return `    ${JSON.stringify(name)}: { ${head}, "fields": [\n${rows.join(",\n")}\n    ] }`;
  });
  const source = "Kubernetes 1.36 API types, Apache-2.0; generated by scripts/generate-kubernetes-types.ts";
  return `{\n  "source": ${JSON.stringify(source)},\n  "types": {\n${types.join(",\n")}\n  }\n}\n`;
}

main();
