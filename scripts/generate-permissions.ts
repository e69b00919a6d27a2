/**
 * Writes docs/permissions.md from the chart's roles and the comments in their template. Run it after a change of
 * charts/metallb/templates/rbac.yaml; test/integration/chart-permissions.test.ts fails until it was.
 *
 *     npm run generate:permissions
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isSeq, parseAllDocuments, type YAMLMap } from "yaml";
import type { PolicyRule } from "../src/dev/api-server/authorization/policy-rule.ts";
import { tryRenderChart } from "../test/support/helm.ts";

const PAGE = join(import.meta.dirname, "../docs/permissions.md");

/** What switches rules off, as a user writes it. */
const WITHOUT: Readonly<Record<string, object>> = {
  "controller.webhookMode: disabled": { controller: { webhookMode: "disabled" } },
  "controller.webhookMode: onlywebhook": { controller: { webhookMode: "onlywebhook" } },
  "controller.leaderElection.enabled: false": { controller: { leaderElection: { enabled: false } } },
  "speaker.memberlist.enabled: false": { speaker: { memberlist: { enabled: false } } },
  "rbac.bgpPasswordSecrets: []": { rbac: { bgpPasswordSecrets: [] } },
  "rbac.layer2Conditions: false": { rbac: { layer2Conditions: false } },
};

const INSPECT = { inspect: { create: true, subjects: [{ kind: "User", name: "somebody" }] } };

interface ExplainedRule extends Partial<PolicyRule> {
  /** What it is for. */
  readonly why: string;
}

interface ExplainedRole {
  readonly kind: string;
  readonly name: string;
  readonly rules: readonly ExplainedRule[];
}

/** The page, as it should be now. */
export function permissionsPage(): string {
  const roles = rolesWith({});
  const without = Object.entries(WITHOUT).map(([text, values]) => [text, reasonsIn(rolesWith(values))] as const);
  const rows = (role: ExplainedRole): string[] =>
    role.rules.map((rule) => {
      const key = reasonOf(role, rule);
      const off = without.filter(([, kept]) => !kept.has(key)).map(([text]) => `\`${text}\``);
      return `| ${rule.why} | ${subjectOf(rule)} | ${rule.verbs?.join(", ")} | ${off.join("<br>")} |`;
    });
  const sections = roles.flatMap((role) => [
    `## ${role.kind} \`${role.name.replace(/^metallb/, "<fullname>")}\``,
    "",
    ...(FOR[role.name] ?? []),
    "| what for | what | verbs | not with |",
    "| --- | --- | --- | --- |",
    ...rows(role),
    "",
  ]);
  return [...HEAD, ...sections].join("\n").trimEnd() + "\n";
}

const HEAD = [
  "<!-- Made by `npm run generate:permissions` from charts/metallb/templates/rbac.yaml. -->",
  "# Permissions",
  "",
  "What the roles of the chart allow, and what each rule is for. `<fullname>` is the release's name, usually `metallb`. A ClusterRole counts in all",
  "namespaces, a Role in that of the release. Nothing here is more than is needed, and nothing is missing: a test runs every feature on an",
  "API server that enforces these roles, and fails when anything is denied or when any one permission could be taken away unnoticed",
  "([ADR 23](adr/0023-least-privilege.md)). What is denied is said in a log line or an event, with the API server's words, which name what is missing.",
  "",
  "Compared with MetalLB's roles: no update or delete of Services, Secrets, webhook configurations or CRDs; Secrets and all else that has a known name by that name",
  "only; the controller reads no password, and speakers none but those that BGPPeers name. To let speakers read only certain Secrets, name them in",
  "`rbac.bgpPasswordSecrets`. What is not installed for lack of use is not allowed: the last column.",
  "",
  "What a cluster allows says `kubectl auth can-i --list --as=system:serviceaccount:metallb-system:metallb-speaker -n metallb-system`.",
  "",
];

/** What is to be known of a role beside its rules. */
const FOR: Readonly<Record<string, readonly string[]>> = {
  "metallb:inspect": [
    "For people who use [`metallb owners`, `explain`, `plan` and `bgp`](inspect.md). Made with `rbac.inspect.create: true`; `rbac.inspect.subjects` says who has it.",
    "",
  ],
  "metallb-inspect": [
    "Comes with `<fullname>:inspect`. For people who must not act as a speaker write one without the last two rules: `--no-live` does without them.",
    "",
  ],
  "metallb-pod-lister": ["The speakers'. The name is MetalLB's.", ""],
};

function rolesWith(values: object): readonly ExplainedRole[] {
  const rbac = { ...INSPECT, ...("rbac" in values ? (values.rbac as object) : {}) };
  const rendering = tryRenderChart({ values: { ...values, rbac } });
  if (!rendering.ok) throw new Error(rendering.error);
  const roles = parseAllDocuments(rendering.text).flatMap(({ contents }) => (isMap(contents) ? [contents] : []));
  return roles.filter((role) => /^(Cluster)?Role$/.test(String(role.get("kind")))).map(explained);
}

function explained(role: YAMLMap): ExplainedRole {
  const rules = role.get("rules");
  const items = isSeq(rules) ? rules.items.filter(isMap) : [];
  return {
    kind: String(role.get("kind")),
    name: String(role.getIn(["metadata", "name"])),
    rules: items.map((rule, i) => {
      // What stands before the first item stands before the list.
      const comment = rule.commentBefore ?? (i === 0 && isSeq(rules) ? rules.commentBefore : undefined);
      if (!comment)
        throw new Error(`a rule of ${String(role.getIn(["metadata", "name"]))} says nothing of what it is for`);
      return { ...(rule.toJSON() as Partial<PolicyRule>), why: comment.trim().replaceAll(/\s*\n\s*/g, " ") };
    }),
  };
}

function reasonsIn(roles: readonly ExplainedRole[]): ReadonlySet<string> {
  return new Set(roles.flatMap((role) => role.rules.map((rule) => reasonOf(role, rule))));
}

function reasonOf({ name }: ExplainedRole, { why }: ExplainedRule): string {
  return `${name}: ${why}`;
}

function subjectOf({
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: ExplainedRule): string {
  if (nonResourceURLs.length > 0) return `path ${nonResourceURLs.map(quoted).join(", ")}`;
  const groups = apiGroups.filter((group) => group !== "");
  const of = groups.length === 0 ? "" : ` of ${groups.join(", ")}`;
  const named = resourceNames.length === 0 ? "" : `, only ${resourceNames.map(quoted).join(", ")}`;
  return `${resources.join(", ")}${of}${named}`;
}

function quoted(text: string): string {
  return `\`${text}\``;
}

if (import.meta.main) writeFileSync(PAGE, permissionsPage());
