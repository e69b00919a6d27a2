import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { complaint } from "../../src/dev/api-server/authorization/gate.ts";
import { eventually } from "../support/api-server-lab.ts";
import { ROOT } from "../support/documents.ts";
import { NAMESPACE, RbacLab } from "../support/rbac-lab.ts";

const METALLB = `/apis/metallb.io/v1beta1/namespaces/${NAMESPACE}`;
const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const BINDINGS = [
  `${RBAC}/clusterrolebindings/metallb:speaker`,
  `${RBAC}/namespaces/${NAMESPACE}/rolebindings/metallb-pod-lister`,
];

/** MetalLB's speakers' rights, as they are given back to old ones. */
const REFERENCE_RIGHTS = parseAllDocuments(readFileSync(join(ROOT, "examples/metallb-speaker-rights.yaml"), "utf8"));

/** On a busy machine. */
const PATIENCE = 30_000;

let lab: RbacLab;
beforeAll(async () => {
  lab = await RbacLab.start({ crds: { validationFailurePolicy: "Ignore" } });
  for (const document of REFERENCE_RIGHTS) await lab.create(document.toJS() as Parameters<RbacLab["create"]>[0]);
  for (const path of BINDINGS) await lab.api.delete(path);
  await lab.api.delete("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/bgpsessionstates.metallb.io");
  await lab.create({ apiVersion: "v1", kind: "Node", metadata: { name: "a" } });
  const configure = (kind: string, spec: object): Promise<void> =>
    lab.create({ apiVersion: "metallb.io/v1beta1", kind, metadata: { name: "first", namespace: NAMESPACE }, spec });
  await configure("IPAddressPool", { addresses: ["192.0.2.0/28", "2001:db8::/124"] });
  await configure("L2Advertisement", {});
  await configure("BGPAdvertisement", {});
  const metadata = { name: "web", namespace: "default" };
  const spec = { type: "LoadBalancer", ports: [{ port: 80 }] };
  const status = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }, { ip: "2001:db8::1" }] } };
  await lab.create({ apiVersion: "v1", kind: "Service", metadata, spec, status });
  await lab.create({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadata, labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.0.0.1"], nodeName: "a", conditions: { ready: true } }],
  });
});
afterAll(() => lab?.close());

test("after a rollback our last speakers do their work with MetalLB's rights, and without our CRD", async () => {
  for (const path of BINDINGS) expect((await lab.api.get(path)).code).toBe(404);
  await lab.speaker("a", "speaker-a1");
  const items = async (of: string) =>
    (await lab.api.get(`${METALLB}/${of}`)).json.items as { readonly status?: object }[];
  const says = (field: string) => (found: readonly { readonly status?: object }[]) =>
    found.some(({ status }) => status !== undefined && field in status);
  await eventually(() => items("servicel2statuses"), says("node"), PATIENCE);
  await eventually(() => items("configurationstates"), says("result"), PATIENCE);
  const denied = lab.journal
    .filter(({ allowed }) => !allowed)
    .map(({ user, attributes }) => complaint(user, attributes));
  expect(denied.filter((text) => !/bgpsessionstates/.test(text))).toEqual([]);
});
