import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AccessRecord } from "../../src/dev/api-server/authorization/gate.ts";
import { type ApiServerLab, eventually, startApiServerLab } from "../support/api-server-lab.ts";
import { Kubectl } from "../support/kubectl.ts";
import type { RawAnswer } from "../support/raw-api-client.ts";
import { requireOrSkip } from "../support/requirements.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const SERVICES = "/api/v1/namespaces/default/services";
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const REVIEWS = "/apis/authorization.k8s.io/v1";

const ROBOT = "system:serviceaccount:default:robot";

/** What the robot may do: in `default` by a Role, at the cluster scope by a ClusterRole. */
const LOCAL_RULES = [
  { apiGroups: [""], resources: ["services"], verbs: ["get", "list"] },
  { apiGroups: [""], resources: ["services/status"], resourceNames: ["web"], verbs: ["patch"] },
  { apiGroups: [""], resources: ["configmaps"], resourceNames: ["mine"], verbs: ["get", "list", "watch", "patch"] },
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["update", "patch"] },
];
const CLUSTER_RULES = [
  { apiGroups: ["*"], resources: ["*/status"], verbs: ["get"] },
  { nonResourceURLs: ["/metrics/*"], verbs: ["get"] },
];

let lab: ApiServerLab;
let robot: string;
const journal: AccessRecord[] = [];

function ask(method: string, path: string, body?: unknown, contentType?: string): Promise<RawAnswer> {
  return lab.api.send(method, path, { token: robot, body, ...(contentType === undefined ? {} : { contentType }) });
}

async function made(path: string, body: object): Promise<void> {
  const answer = await lab.api.post(path, body);
  if (answer.code !== 201) throw new Error(answer.text);
}

beforeAll(async () => {
  lab = await startApiServerLab({ authorizationMode: "RBAC", onAccess: (record) => journal.push(record) });
  robot = lab.server.addUser(ROBOT, ["system:serviceaccounts", "system:serviceaccounts:default"]);
  const account = { kind: "ServiceAccount", name: "robot" };
  await made(`${RBAC}/namespaces/default/roles`, { metadata: { name: "robot" }, rules: LOCAL_RULES });
  await made(`${RBAC}/namespaces/default/rolebindings`, {
    metadata: { name: "robot" },
    roleRef: { kind: "Role", name: "robot" },
    subjects: [account],
  });
  await made(`${RBAC}/clusterroles`, { metadata: { name: "robot" }, rules: CLUSTER_RULES });
  await made(`${RBAC}/clusterrolebindings`, {
    metadata: { name: "robot" },
    roleRef: { kind: "ClusterRole", name: "robot" },
    subjects: [{ ...account, namespace: "default" }],
  });
  await made(SERVICES, { metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } });
  for (const name of ["mine", "yours"]) await made(CONFIG_MAPS, { metadata: { name } });
});

afterAll(() => lab.close());

describe("what is not allowed is refused in Kubernetes' words", () => {
  const cannot = (what: string): string => `User "${ROBOT}" cannot ${what}`;
  const inDefault = 'in API group "" in the namespace "default"';
  test.each([
    {
      method: "DELETE",
      path: `${SERVICES}/web`,
      message: `services "web" is forbidden: ${cannot(`delete resource "services" ${inDefault}`)}`,
      details: { name: "web", kind: "services" },
    },
    {
      method: "GET",
      path: "/api/v1/services",
      message: `services is forbidden: ${cannot('list resource "services" in API group "" at the cluster scope')}`,
      details: { kind: "services" },
    },
    {
      method: "PATCH",
      path: `${SERVICES}/other/status`,
      message: `services "other" is forbidden: ${cannot(`patch resource "services/status" ${inDefault}`)}`,
      details: { name: "other", kind: "services" },
    },
    {
      method: "GET",
      path: "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools?watch=1",
      message: `ipaddresspools.metallb.io is forbidden: ${cannot('watch resource "ipaddresspools" in API group "metallb.io" in the namespace "metallb-system"')}`,
      details: { group: "metallb.io", kind: "ipaddresspools" },
    },
    {
      method: "GET",
      path: "/apis/nobody.serves/v1/things",
      message: `things.nobody.serves is forbidden: ${cannot('list resource "things" in API group "nobody.serves" at the cluster scope')}`,
      details: { group: "nobody.serves", kind: "things" },
    },
    {
      method: "GET",
      path: "/api/v1/namespaces/default",
      message: `namespaces "default" is forbidden: ${cannot('get resource "namespaces" in API group "" in the namespace "default"')}`,
      details: { name: "default", kind: "namespaces" },
    },
    { method: "GET", path: "/metrics", message: `forbidden: ${cannot('get path "/metrics"')}`, details: {} },
  ])("$method $path", async ({ method, path, message, details }) => {
    const { code, json } = await ask(method, path);
    expect({ code, ...json }).toMatchObject({ code: 403, reason: "Forbidden", message, details });
  });

  test("a binding to a role that isn't there is told of", async () => {
    const jane = lab.server.addUser("jane");
    await made(`${RBAC}/clusterrolebindings`, {
      metadata: { name: "jane" },
      roleRef: { kind: "ClusterRole", name: "gone" },
      subjects: [{ kind: "User", name: "jane" }],
    });
    const { json } = await lab.api.get("/api/v1/nodes", { token: jane });
    expect(json.message).toBe(
      'nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope: ' +
        'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
    );
  });
});

describe("what rules allow", () => {
  const LEASE = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "new" } };
  test.each([
    { name: "a list in its namespace", method: "GET", path: SERVICES, code: 200 },
    { name: "a subresource by name", method: "PATCH", path: `${SERVICES}/web/status`, code: 200 },
    { name: "not the object itself", method: "PATCH", path: `${SERVICES}/web`, code: 403 },
    {
      name: "a subresource of every kind",
      method: "GET",
      path: "/apis/apps/v1/namespaces/x/deployments/d/status",
      code: 404,
    },
    { name: "a name", method: "GET", path: `${CONFIG_MAPS}/mine`, code: 200 },
    { name: "no other name", method: "GET", path: `${CONFIG_MAPS}/yours`, code: 403 },
    { name: "no list of all", method: "GET", path: CONFIG_MAPS, code: 403 },
    {
      name: "the list of that name",
      method: "GET",
      path: `${CONFIG_MAPS}?fieldSelector=metadata.name=mine`,
      code: 200,
    },
    {
      name: "no list of another name",
      method: "GET",
      path: `${CONFIG_MAPS}?fieldSelector=metadata.name=yours`,
      code: 403,
    },
    { name: "what everybody may: discovery", method: "GET", path: "/apis/metallb.io/v1beta1", code: 200 },
    { name: "paths below one", method: "GET", path: "/metrics/cadvisor", code: 404 },
    { name: "a PUT that would create, without create", method: "PUT", path: `${LEASES}/new`, body: LEASE, code: 403 },
    {
      name: "an apply that would create, without create",
      method: "PATCH",
      path: `${CONFIG_MAPS}/mine?fieldManager=me`,
      gone: true,
      body: { apiVersion: "v1", kind: "ConfigMap" },
      contentType: "application/apply-patch+yaml",
      code: 403,
    },
  ])("$name: $method $path is $code", async ({ method, path, code, gone = false, ...row }) => {
    if (gone) await lab.api.delete(path.split("?", 1)[0]!);
    const body = row.body ?? (method === "PATCH" ? {} : undefined);
    const contentType = row.contentType ?? (method === "PATCH" ? "application/merge-patch+json" : undefined);
    expect((await ask(method, path, body, contentType)).code).toBe(code);
  });

  test("those without credentials have public information, and no more", async () => {
    const codes = ["/version", "/readyz", "/api", "/api/v1/services"].map(async (path) => {
      const { code } = await lab.api.get(path, { token: null });
      return code;
    });
    expect(await Promise.all(codes)).toEqual([200, 200, 403, 403]);
  });

  test("every question and its answer can be observed", async () => {
    journal.length = 0;
    await ask("PATCH", `${SERVICES}/web/status`, {}, "application/merge-patch+json");
    await ask("DELETE", `${SERVICES}/web`);
    const asked = { group: "", version: "v1", resource: "services", namespace: "default", name: "web" };
    expect(journal).toMatchObject([
      {
        user: { username: ROBOT },
        allowed: true,
        asked: "request",
        attributes: { ...asked, verb: "patch", subresource: "status" },
      },
      { user: { username: ROBOT }, allowed: false, attributes: { ...asked, verb: "delete", subresource: "" } },
    ]);
  });
});

describe("reviews say the same", () => {
  const attributes = { namespace: "default", verb: "patch", resource: "services", subresource: "status", name: "web" };
  const allowed = {
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "robot/default" of Role "robot" to ServiceAccount "robot/default"',
  };

  test("of others", async () => {
    const verdict = async (spec: object): Promise<unknown> =>
      (await lab.api.post(`${REVIEWS}/subjectaccessreviews`, { spec })).json.status;
    expect(await verdict({ user: ROBOT, resourceAttributes: attributes })).toEqual(allowed);
    expect(await verdict({ user: ROBOT, resourceAttributes: { ...attributes, name: "x" } })).toEqual({
      allowed: false,
    });
    expect(await verdict({ user: ROBOT, nonResourceAttributes: { path: "/metrics/a", verb: "get" } })).toMatchObject({
      allowed: true,
    });
    expect(await verdict({ user: "x", groups: ["system:masters"], resourceAttributes: attributes })).toEqual({
      allowed: true,
    });
  });

  test("of oneself", async () => {
    const { json } = await ask("POST", `${REVIEWS}/selfsubjectaccessreviews`, {
      spec: { resourceAttributes: attributes },
    });
    expect(json.status).toEqual(allowed);
  });

  test("as the list of all rules", async () => {
    const { json } = await ask("POST", `${REVIEWS}/selfsubjectrulesreviews`, { spec: { namespace: "default" } });
    expect(json.status).toMatchObject({ incomplete: false });
    expect(json.status.resourceRules).toEqual(expect.arrayContaining(LOCAL_RULES));
    expect(json.status.nonResourceRules).toEqual(expect.arrayContaining([CLUSTER_RULES[1]]));
  });

  test.each([
    { name: "about nobody", kind: "subjectaccessreviews", spec: { resourceAttributes: attributes }, code: 422 },
    { name: "about nothing", kind: "selfsubjectaccessreviews", spec: {}, code: 422 },
    {
      name: "about two things",
      kind: "selfsubjectaccessreviews",
      spec: { resourceAttributes: {}, nonResourceAttributes: {} },
      code: 422,
    },
    { name: "in no namespace", kind: "selfsubjectrulesreviews", spec: {}, code: 400 },
  ])("a review $name is refused", async ({ kind, spec, code }) => {
    expect((await lab.api.post(`${REVIEWS}/${kind}`, { spec })).code).toBe(code);
  });
});

describe("roles and bindings", () => {
  test("what changes counts at once, and what a binding binds to never changes", async () => {
    const path = `${RBAC}/namespaces/default/rolebindings/robot`;
    const { json: binding } = await lab.api.get(path);
    expect(binding).toMatchObject({ roleRef: { apiGroup: "rbac.authorization.k8s.io" } });
    const { code, json } = await lab.api.put(path, {
      ...binding,
      roleRef: { kind: "ClusterRole", name: "cluster-admin" },
    });
    expect({ code, message: json.message }).toMatchObject({
      code: 422,
      message: expect.stringContaining("cannot change roleRef"),
    });
    await lab.api.put(path, { ...binding, subjects: [] });
    expect((await ask("GET", SERVICES)).code).toBe(403);
    await lab.api.put(path, { ...binding, metadata: { name: "robot" } });
    expect((await ask("GET", SERVICES)).code).toBe(200);
  });

  test.each([
    {
      name: "no verbs",
      kind: "clusterroles",
      body: { rules: [{ apiGroups: [""], resources: ["pods"] }] },
      field: "rules[0].verbs",
    },
    {
      name: "no group",
      kind: "clusterroles",
      body: { rules: [{ resources: ["pods"], verbs: ["get"] }] },
      field: "rules[0].apiGroups",
    },
    {
      name: "paths in a namespace",
      kind: "namespaces/default/roles",
      body: { rules: [{ nonResourceURLs: ["/x"], verbs: ["get"] }] },
      field: "rules[0].nonResourceURLs",
    },
    {
      name: "a Role for the cluster",
      kind: "clusterrolebindings",
      body: { roleRef: { kind: "Role", name: "x" } },
      field: "roleRef.kind",
    },
    {
      name: "an account of no namespace",
      kind: "clusterrolebindings",
      body: { roleRef: { kind: "ClusterRole", name: "x" }, subjects: [{ kind: "ServiceAccount", name: "x" }] },
      field: "subjects[0].namespace",
    },
    {
      name: "a subject of no kind",
      kind: "clusterrolebindings",
      body: { roleRef: { kind: "ClusterRole", name: "x" }, subjects: [{ name: "x" }] },
      field: "subjects[0].kind",
    },
  ])("are refused with $name", async ({ kind, body, field }) => {
    const { code, json } = await lab.api.post(`${RBAC}/${kind}`, { metadata: { name: "bad" }, ...body });
    expect({ code, causes: json.details.causes }).toMatchObject({ code: 422, causes: [{ field }] });
  });

  test("a ClusterRole that aggregates others follows them", async () => {
    const rules = async (): Promise<unknown> => (await lab.api.get(`${RBAC}/clusterroles/all-of-them`)).json.rules;
    const part = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
    await made(`${RBAC}/clusterroles`, {
      metadata: { name: "all-of-them" },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: "yes" } }] },
      rules: [],
    });
    await made(`${RBAC}/clusterroles`, { metadata: { name: "part", labels: { part: "yes" } }, rules: [part] });
    expect(await eventually(rules, (found) => Array.isArray(found) && found.length === 1)).toEqual([part]);
    await lab.api.delete(`${RBAC}/clusterroles/part`);
    await eventually(rules, (found) => !Array.isArray(found) || found.length === 0);
  });
});

describe.skipIf(requireOrSkip(["bin:kubectl-1.32"]).skip)("kubectl agrees", () => {
  test("auth can-i, also as somebody else, and the list of rules", async () => {
    const kubectl = new Kubectl("1.32", lab.server.kubeconfig());
    const answers = await Promise.all(
      [
        `auth can-i '*' '*'`,
        `auth can-i get services -n default --as=${ROBOT}`,
        `auth can-i delete services -n default --as=${ROBOT}`,
        `auth can-i patch services/web --subresource=status -n default --as=${ROBOT}`,
        `auth can-i get /metrics/x --as=${ROBOT}`,
        `auth can-i get nodes --as=jane --as-group=system:masters`,
      ].map(async (line) => (await kubectl.run(`kubectl ${line}`)).stdout.trim()),
    );
    expect(answers).toEqual(["yes", "yes", "no", "yes", "yes", "yes"]);
    const list = await kubectl.ok(`kubectl auth can-i --list -n default --as=${ROBOT}`);
    expect(list).toMatch(/^services\/status +\[\] +\[web\] +\[patch\]$/m);
    expect(list).toMatch(/^ +\[\/metrics\/\*\] +\[\] +\[get\]$/m);
    const refused = await kubectl.run(`kubectl delete service web -n default --as=${ROBOT}`);
    expect(refused.stderr).toContain(`Error from server (Forbidden): services "web" is forbidden: User "${ROBOT}"`);
  });

  test("who may not impersonate is told so", async () => {
    const { code, json } = await lab.api.get(SERVICES, { token: robot, headers: { "impersonate-user": "jane" } });
    expect({ code, message: json.message }).toEqual({
      code: 403,
      message: `users "jane" is forbidden: User "${ROBOT}" cannot impersonate resource "users" in API group "" at the cluster scope`,
    });
  });
});
