import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { customResourceDefinitions } from "../../src/config/crds.ts";
import { KINDS } from "../../src/config/kinds.ts";
import { parseBgpPeers } from "../../src/config/parse-bgp-peers.ts";
import type { ApiServer } from "../../src/dev/api-server/server.ts";
import { startApiServer } from "../../src/dev/api-server/server.ts";
import { createKubeClient } from "../../src/k8s/client.ts";
import { loadEndpoint } from "../../src/k8s/endpoint.ts";
import type { KubeClient, KubeObject } from "../../src/ports/kube.ts";

const NAMESPACE = "metallb-system";
const LEGACY = { ...KINDS.BGPPeer, version: "v1beta1" };

const directory = mkdtempSync(join(tmpdir(), "metallb-versions-"));
let server: ApiServer;
let client: KubeClient;

beforeAll(async () => {
  server = await startApiServer({ crds: customResourceDefinitions() });
  const kubeconfig = join(directory, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig());
  client = createKubeClient(await loadEndpoint({ kubeconfig, env: {} }));
  await client.create(KINDS.Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
});

afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function writeLegacy(name: string, spec: object): Promise<void> {
  const metadata = { name, namespace: NAMESPACE };
  const created = await client.create(
    LEGACY,
    { apiVersion: "metallb.io/v1beta1", kind: "BGPPeer", metadata, spec },
    { namespace: NAMESPACE },
  );
  if (!created.ok) throw new Error(created.error.message);
}

async function readCurrent(name: string): Promise<KubeObject> {
  const got = await client.get(KINDS.BGPPeer, { namespace: NAMESPACE, name });
  if (!got.ok) throw new Error(got.error.message);
  return got.value;
}

const ZERO = { holdTime: 0, keepaliveTime: 0 };
const RACK = { matchExpressions: [{ key: "rack", operator: "In", values: ["1"] }] };

/** Without the conversion webhook the API server changes only `apiVersion`, and may or may not fill in defaults. */
test.each<[string, object, object]>([
  ["absent-timers", { peerAddress: "192.0.2.1" }, { port: 179, timers: undefined }],
  ["zero-timers", { peerAddress: "192.0.2.2", holdTime: "0s", keepaliveTime: "0s" }, { port: 179, timers: ZERO }],
  ["port-zero", { peerAddress: "2001:db8::1", peerPort: 0 }, { port: 179 }],
  ["a-port", { peerAddress: "2001:db8::2", peerPort: 1179 }, { port: 1179 }],
  [
    "selectors",
    { peerAddress: "2001:db8::3", nodeSelectors: [RACK, {}] },
    {
      nodeSelectors: [{ requirements: [{ key: "rack", operator: "In", values: ["1"] }] }, { requirements: [] }],
    },
  ],
])("a v1beta1 peer is right as v1beta2 without the conversion webhook: %s", async (name, spec, want) => {
  await writeLegacy(name, { myASN: 64_512, peerASN: 64_513, ...spec });
  const current = await readCurrent(name);
  expect(current).toMatchObject({ apiVersion: "metallb.io/v1beta2", spec });
  const { peers, issues } = parseBgpPeers([current], { bfdProfiles: new Set(), secrets: [] });
  expect(issues).toEqual([]);
  expect(peers).toMatchObject([{ name, myAsn: 64_512, ...want }]);
});
