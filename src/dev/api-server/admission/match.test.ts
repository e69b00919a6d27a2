import { describe, expect, test } from "vitest";
import { BUILTIN_RESOURCES } from "../builtin-resources.ts";
import type { ApiObject, Json } from "../objects.ts";
import type { Definition } from "../registry.ts";
import { plainDefinition } from "../registry.ts";
import type { Change } from "../rest/change.ts";
import { DEFAULT_STRATEGY } from "../strategy.ts";
import { seenAs, selected } from "./match.ts";

function builtin(plural: string): Definition {
  return plainDefinition(
    BUILTIN_RESOURCES.find((served) => served.plural === plural)!,
    DEFAULT_STRATEGY,
  );
}

const PODS = builtin("pods");
const NODES = builtin("nodes");
const NAMESPACES = builtin("namespaces");
const PEERS_V1 = plainDefinition({ ...PODS.served, group: "x.io", version: "v1", plural: "peers" }, DEFAULT_STRATEGY);
const PEERS_V2 = plainDefinition({ ...PODS.served, group: "x.io", version: "v2", plural: "peers" }, DEFAULT_STRATEGY);

const ANY = { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] };

function object(labels: Record<string, string> = {}): ApiObject {
  return { apiVersion: "v1", kind: "X", metadata: { name: "x", labels } };
}

function change(definition: Definition, changes: Partial<Change> = {}): Change {
  const namespace = definition.served.namespaced ? "default" : "";
  const base = { operation: "CREATE", definition, subresource: "", namespace, name: "x", dryRun: false } as const;
  return { ...base, object: object(), old: undefined, ...changes };
}

describe("a rule", () => {
  test.each([
    { rule: {}, of: change(PODS), matches: true },
    { rule: { operations: ["CREATE"] }, of: change(PODS), matches: true },
    { rule: { operations: ["UPDATE", "DELETE"] }, of: change(PODS), matches: false },
    { rule: { apiGroups: [""] }, of: change(PODS), matches: true },
    { rule: { apiGroups: ["apps"] }, of: change(PODS), matches: false },
    { rule: { apiVersions: ["v2"] }, of: change(PODS), matches: false },
    { rule: { resources: ["pods"] }, of: change(PODS), matches: true },
    { rule: { resources: ["nodes"] }, of: change(PODS), matches: false },
    { rule: { resources: ["pods"] }, of: change(PODS, { subresource: "status" }), matches: false },
    { rule: { resources: ["*"] }, of: change(PODS, { subresource: "status" }), matches: false },
    { rule: { resources: ["pods/status"] }, of: change(PODS, { subresource: "status" }), matches: true },
    { rule: { resources: ["pods/status"] }, of: change(PODS), matches: false },
    { rule: { resources: ["pods/*"] }, of: change(PODS, { subresource: "status" }), matches: true },
    { rule: { resources: ["*/status"] }, of: change(NODES, { subresource: "status" }), matches: true },
    { rule: { resources: ["*/*"] }, of: change(PODS), matches: true },
    { rule: { scope: "Namespaced" }, of: change(PODS), matches: true },
    { rule: { scope: "Namespaced" }, of: change(NODES), matches: false },
    { rule: { scope: "Cluster" }, of: change(NODES), matches: true },
    { rule: { scope: "Cluster" }, of: change(PODS), matches: false },
    { rule: { scope: "Cluster" }, of: change(NAMESPACES), matches: true },
    { rule: { scope: "*" }, of: change(PODS), matches: true },
  ])("$rule: $matches", ({ rule, of, matches }) => {
    const webhook: Json = { rules: [{ ...ANY, ...rule }] };
    expect(seenAs(webhook, of, [of.definition])).toBe(matches ? of.definition : undefined);
  });
});

describe("a resource with two versions", () => {
  const versions = [PEERS_V1, PEERS_V2];
  const only = (apiVersion: string): Json => ({ ...ANY, apiVersions: [apiVersion] });

  test.each([
    { matchPolicy: "Equivalent", rules: [only("v2")], as: PEERS_V2 },
    { matchPolicy: undefined, rules: [only("v2")], as: PEERS_V2 },
    { matchPolicy: "Exact", rules: [only("v2")], as: undefined },
    { matchPolicy: "Equivalent", rules: [only("v2"), only("v1")], as: PEERS_V1 },
    { matchPolicy: "Equivalent", rules: [only("v3")], as: undefined },
  ])("is seen by $matchPolicy with $rules.length rules as the rules say", ({ matchPolicy, rules, as }) => {
    expect(seenAs({ matchPolicy, rules }, change(PEERS_V1), versions)).toBe(as);
  });
});

describe("selectors", () => {
  const labelsOf = (name: string) => (name === "default" ? { team: "net" } : undefined);
  const net = { matchLabels: { team: "net" } };
  const notNet = { matchExpressions: [{ key: "team", operator: "NotIn", values: ["net"] }] };

  test.each([
    { name: "none", webhook: {}, of: change(PODS), is: true },
    { name: "namespace matches", webhook: { namespaceSelector: net }, of: change(PODS), is: true },
    { name: "namespace does not", webhook: { namespaceSelector: notNet }, of: change(PODS), is: false },
    { name: "cluster scope has none", webhook: { namespaceSelector: net }, of: change(NODES), is: true },
    {
      name: "a new namespace is its own",
      webhook: { namespaceSelector: net },
      of: change(NAMESPACES, { object: object({ team: "net" }) }),
      is: true,
    },
    {
      name: "a new namespace without the label",
      webhook: { namespaceSelector: net },
      of: change(NAMESPACES),
      is: false,
    },
    {
      name: "a namespace that goes",
      webhook: { namespaceSelector: net },
      of: change(NAMESPACES, { operation: "DELETE", name: "default", object: undefined, old: object() }),
      is: true,
    },
    { name: "object does not match", webhook: { objectSelector: net }, of: change(PODS), is: false },
    {
      name: "new state matches",
      webhook: { objectSelector: net },
      of: change(PODS, { object: object({ team: "net" }) }),
      is: true,
    },
    {
      name: "old state matched",
      webhook: { objectSelector: net },
      of: change(PODS, { operation: "UPDATE", old: object({ team: "net" }) }),
      is: true,
    },
  ])("$name: $is", ({ webhook, of, is }) => {
    expect(selected(webhook, of, labelsOf)).toBe(is);
  });
});
