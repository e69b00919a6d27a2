/** With features off, the roles that are left are enough for the others. */
import { afterEach, expect, test } from "vitest";
import { complaint } from "../../src/dev/api-server/authorization/gate.ts";
import { eventually } from "../support/api-server-lab.ts";
import { NAMESPACE, RbacLab } from "../support/rbac-lab.ts";

const POOLS = `/apis/metallb.io/v1beta1/namespaces/${NAMESPACE}/ipaddresspools`;
const SERVICE = "/api/v1/namespaces/default/services/web";
const PATIENCE = 30_000;

let lab: RbacLab;

afterEach(() => lab.close());

function denied(): readonly string[] {
  return lab.journal.filter(({ allowed }) => !allowed).map(({ user, attributes }) => complaint(user, attributes));
}

/** A controller, where lists are not streamed. */
async function start(values: object): Promise<void> {
  lab = await RbacLab.start(values);
  lab.server.testing.streamLists(false);
  await lab.create({ apiVersion: "v1", kind: "Node", metadata: { name: "a" } });
  await lab.controller("controller-1");
}

function pool(spec: object): object {
  return { apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool", metadata: { name: "pool" }, spec };
}

test(
  "without webhooks, election, membership and passwords, Services get addresses and are announced",
  { timeout: 2 * PATIENCE },
  async () => {
    await start({
      controller: { webhookMode: "disabled", leaderElection: { enabled: false } },
      speaker: { memberlist: { enabled: false } },
      crds: { conversion: "None" },
      rbac: { bgpPasswordSecrets: [] },
    });
    await lab.speaker("a", "speaker-a");
    await lab.api.post(POOLS, pool({ addresses: ["192.0.2.0/28", "2001:db8::/124"] }));
    const spec = { type: "LoadBalancer", ports: [{ port: 80 }] };
    await lab.create({ apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "default" }, spec });
    const ingress = async (): Promise<unknown[]> =>
      (await lab.api.get(SERVICE)).json.status?.loadBalancer?.ingress ?? [];
    await eventually(ingress, (found) => found.length > 0, PATIENCE);
    const used = async (): Promise<unknown> => (await lab.api.get(`${POOLS}/pool`)).json.status?.assignedIPv4;
    await eventually(used, (count) => count === 1, PATIENCE);
    expect(denied()).toEqual([]);
  },
);

test("a controller that serves webhooks alone admits and refuses", { timeout: 2 * PATIENCE }, async () => {
  await start({ controller: { webhookMode: "onlywebhook" }, speaker: { enabled: false } });
  const answer = (spec: object): Promise<number> => lab.api.post(POOLS, pool(spec)).then(({ code }) => code);
  await eventually(
    () => answer({ addresses: ["192.0.2.9-192.0.2.1"] }),
    (code) => code === 403,
    PATIENCE,
  );
  expect(await answer({ addresses: ["192.0.2.0/28", "2001:db8::/124"] })).toBe(201);
  expect(denied()).toEqual([]);
});
