import { describe, expect, test } from "vitest";
import type { Attributes } from "./attributes.ts";
import { type PolicyRule, ruleAllows } from "./policy-rule.ts";

const NONE: PolicyRule = { verbs: ["get"], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };

function resource(text: string): Attributes {
  const [verb = "", what = "", name = ""] = text.split(" ");
  const [, group = "", kind = "", subresource = ""] = /^(?:(.*):)?([^/]*)\/?(.*)$/.exec(what) ?? [];
  return { verb, group, version: "v1", resource: kind, subresource, namespace: "a", name };
}

/** `verb group:resource/subresource name` */
describe("a rule allows resources", () => {
  test.each([
    { rule: { resources: ["pods"] }, asked: "get pods p", allowed: true },
    { rule: { resources: ["pods"] }, asked: "list pods", allowed: false },
    { rule: { resources: ["pods"] }, asked: "get pods/log p", allowed: false },
    { rule: { resources: ["pods"] }, asked: "get metrics.k8s.io:pods p", allowed: false },
    { rule: { resources: ["pods/log"] }, asked: "get pods/log p", allowed: true },
    { rule: { resources: ["pods/log"] }, asked: "get pods p", allowed: false },
    { rule: { resources: ["pods/*"] }, asked: "get pods/log p", allowed: false },
    { rule: { resources: ["*/log"] }, asked: "get pods/log p", allowed: true },
    { rule: { resources: ["*/log"] }, asked: "get pods/proxy p", allowed: false },
    { rule: { resources: ["*/log"] }, asked: "get pods p", allowed: false },
    { rule: { resources: ["*"] }, asked: "get pods/log p", allowed: true },
    { rule: { resources: ["*"], apiGroups: ["apps"] }, asked: "get pods p", allowed: false },
    { rule: { resources: ["*"], apiGroups: ["*"] }, asked: "get apps:deployments d", allowed: true },
    { rule: { resources: ["pods"], verbs: ["*"] }, asked: "anything pods p", allowed: true },
    { rule: { resources: ["pods"], verbs: ["GET"] }, asked: "get pods p", allowed: false },
    { rule: { resources: ["pods"], resourceNames: ["p"] }, asked: "get pods p", allowed: true },
    { rule: { resources: ["pods"], resourceNames: ["p"] }, asked: "get pods q", allowed: false },
    { rule: { resources: ["pods"], resourceNames: ["p"], verbs: ["list"] }, asked: "list pods p", allowed: true },
    { rule: { resources: ["pods"], resourceNames: ["p"], verbs: ["list"] }, asked: "list pods", allowed: false },
    { rule: { resources: ["pods"], resourceNames: ["p"], verbs: ["create"] }, asked: "create pods", allowed: false },
    { rule: { nonResourceURLs: ["*"] }, asked: "get pods p", allowed: false },
  ])("$rule: $asked", ({ rule, asked, allowed }) => {
    expect(ruleAllows({ ...NONE, apiGroups: [""], ...rule }, resource(asked))).toBe(allowed);
  });
});

describe("a rule allows paths", () => {
  test.each([
    { urls: ["/metrics"], path: "/metrics", allowed: true },
    { urls: ["/metrics"], path: "/metrics/", allowed: false },
    { urls: ["/metrics/*"], path: "/metrics/cadvisor", allowed: true },
    { urls: ["/metrics/*"], path: "/metrics", allowed: false },
    { urls: ["/met*"], path: "/metrics", allowed: true },
    { urls: ["*"], path: "/anything", allowed: true },
    { urls: ["/a/*/b"], path: "/a/x/b", allowed: false },
  ])("$urls: $path", ({ urls, path, allowed }) => {
    expect(ruleAllows({ ...NONE, nonResourceURLs: urls }, { verb: "get", path })).toBe(allowed);
    expect(ruleAllows({ ...NONE, nonResourceURLs: urls }, { verb: "post", path })).toBe(false);
  });

  test("what allows all resources allows no path", () => {
    const everything = { ...NONE, verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
    expect(ruleAllows(everything, { verb: "get", path: "/metrics" })).toBe(false);
  });
});
