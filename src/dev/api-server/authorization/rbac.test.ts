import { describe, expect, test } from "vitest";
import type { User } from "../auth.ts";
import type { Json } from "../objects.ts";
import type { Attributes } from "./attributes.ts";
import { policyOf } from "./policy.ts";
import { decideByPolicy, rulesForUser } from "./rbac.ts";

const READ_PODS = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };

function role(name: string, namespace: string | undefined, ...rules: Json[]): Json {
  return { kind: namespace === undefined ? "ClusterRole" : "Role", metadata: { name, namespace }, rules };
}

function binding(name: string, namespace: string | undefined, to: string, ...subjects: Json[]): Json {
  const [kind, role] = to.split(" ");
  return {
    kind: namespace === undefined ? "ClusterRoleBinding" : "RoleBinding",
    metadata: { name, namespace },
    roleRef: { kind, name: role },
    subjects,
  };
}

const ACCOUNT = { kind: "ServiceAccount", name: "speaker", namespace: "metallb" };
const SPEAKER: User = {
  username: "system:serviceaccount:metallb:speaker",
  groups: ["system:serviceaccounts", "system:serviceaccounts:metallb", "system:authenticated"],
};
const JANE: User = { username: "jane", groups: ["admins"] };

function getPod(namespace: string): Attributes {
  return { verb: "get", group: "", version: "v1", resource: "pods", subresource: "", namespace, name: "p" };
}

describe("who a binding is for, and where", () => {
  const rules = [role("reader", undefined, READ_PODS), role("local", "shop", READ_PODS)];
  test.each([
    {
      name: "a ClusterRoleBinding, everywhere",
      bound: binding("b", undefined, "ClusterRole reader", ACCOUNT),
      in: "shop",
      by: `ClusterRoleBinding "b" of ClusterRole "reader" to ServiceAccount "speaker/metallb"`,
    },
    {
      name: "and at the cluster scope",
      bound: binding("b", undefined, "ClusterRole reader", ACCOUNT),
      in: "",
      by: `ClusterRoleBinding "b" of ClusterRole "reader" to ServiceAccount "speaker/metallb"`,
    },
    {
      name: "a RoleBinding of a ClusterRole",
      bound: binding("b", "shop", "ClusterRole reader", ACCOUNT),
      in: "shop",
      by: `RoleBinding "b/shop" of ClusterRole "reader" to ServiceAccount "speaker/metallb"`,
    },
    {
      name: "in no other namespace",
      bound: binding("b", "shop", "ClusterRole reader", ACCOUNT),
      in: "bank",
      by: undefined,
    },
    {
      name: "nor at the cluster scope",
      bound: binding("b", "shop", "ClusterRole reader", ACCOUNT),
      in: "",
      by: undefined,
    },
    {
      name: "a RoleBinding of a Role",
      bound: binding("b", "shop", "Role local", ACCOUNT),
      in: "shop",
      by: `RoleBinding "b/shop" of Role "local" to ServiceAccount "speaker/metallb"`,
    },
    {
      name: "an account of the binding's namespace",
      bound: binding("b", "metallb", "ClusterRole reader", { kind: "ServiceAccount", name: "speaker" }),
      in: "metallb",
      by: `RoleBinding "b/metallb" of ClusterRole "reader" to ServiceAccount "speaker/metallb"`,
    },
    {
      name: "an account of another namespace",
      bound: binding("b", "shop", "ClusterRole reader", { kind: "ServiceAccount", name: "speaker" }),
      in: "shop",
      by: undefined,
    },
    {
      name: "an account without a namespace in a ClusterRoleBinding",
      bound: binding("b", undefined, "ClusterRole reader", { kind: "ServiceAccount", name: "speaker" }),
      in: "shop",
      by: undefined,
    },
    {
      name: "all accounts of a namespace",
      bound: binding("b", undefined, "ClusterRole reader", { kind: "Group", name: "system:serviceaccounts:metallb" }),
      in: "shop",
      by: `ClusterRoleBinding "b" of ClusterRole "reader" to Group "system:serviceaccounts:metallb"`,
    },
    {
      name: "an account as a user",
      bound: binding("b", undefined, "ClusterRole reader", { kind: "User", name: SPEAKER.username }),
      in: "shop",
      by: `ClusterRoleBinding "b" of ClusterRole "reader" to User "${SPEAKER.username}"`,
    },
    {
      name: "another user",
      bound: binding("b", undefined, "ClusterRole reader", { kind: "User", name: "jane" }),
      in: "shop",
      by: undefined,
    },
    {
      name: "a group of that name is no user",
      bound: binding("b", undefined, "ClusterRole reader", { kind: "Group", name: SPEAKER.username }),
      in: "shop",
      by: undefined,
    },
    { name: "nobody", bound: binding("b", undefined, "ClusterRole reader"), in: "shop", by: undefined },
  ])("$name", ({ bound, in: namespace, by }) => {
    const reason = by === undefined ? "" : `RBAC: allowed by ${by}`;
    expect(decideByPolicy(policyOf([...rules, bound]), SPEAKER, getPod(namespace))).toEqual({
      allowed: by !== undefined,
      reason,
    });
  });
});

test("a role that isn't there is the reason of a denial, and no more", () => {
  const lost = [
    binding("a", undefined, "ClusterRole gone", { kind: "User", name: "jane" }),
    binding("b", "shop", "Role reader", { kind: "User", name: "jane" }),
  ];
  const missing = 'clusterrole.rbac.authorization.k8s.io "gone" not found';
  expect(decideByPolicy(policyOf(lost), JANE, getPod("bank"))).toEqual({ allowed: false, reason: `RBAC: ${missing}` });
  expect(decideByPolicy(policyOf(lost), JANE, getPod("shop")).reason).toBe(
    `RBAC: [${missing}, role.rbac.authorization.k8s.io "reader" not found]`,
  );
  const found = role("reader", "shop", READ_PODS);
  expect(decideByPolicy(policyOf([...lost, found]), JANE, getPod("shop")).allowed).toBe(true);
});

test("the rules of a user are those of all its bindings there", () => {
  const path = { nonResourceURLs: ["/metrics"], verbs: ["get"] };
  const policy = policyOf([
    role("scraper", undefined, path),
    role("local", "shop", READ_PODS),
    binding("b", undefined, "ClusterRole scraper", { kind: "Group", name: "admins" }),
    binding("b", "shop", "Role local", { kind: "User", name: "jane" }),
    binding("c", "shop", "Role gone", { kind: "User", name: "jane" }),
  ]);
  expect(rulesForUser(policy, JANE, "shop")).toMatchObject({
    rules: [path, READ_PODS],
    problem: 'role.rbac.authorization.k8s.io "gone" not found',
  });
  expect(rulesForUser(policy, JANE, "bank")).toMatchObject({ rules: [path], problem: "" });
  expect(decideByPolicy(policy, JANE, { verb: "get", path: "/metrics" }).allowed).toBe(true);
});
