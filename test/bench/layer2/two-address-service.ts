import { applicationPod, METALLB_NAMESPACE, namespaceObject } from "../../../src/dev/lab/cluster-objects.ts";
import type { Lab } from "../../../src/dev/lab/lab.ts";
import { DUAL_STACK } from "../../../src/dev/lab/manifests/dual-stack.ts";
import { CLIENT, type LabNode, NODES } from "../../../src/dev/lab/topology.ts";
import { until } from "../../../src/dev/lab/wait.ts";
import { KINDS } from "../../../src/config/kinds.ts";
import { seconds } from "../../../src/lib/duration.ts";

const NAMESPACE = "webapp";
const SERVICE = { namespace: NAMESPACE, name: "webapp-dual-stack" };
const ADVERTISEMENT = { namespace: METALLB_NAMESPACE, name: "dual-stack-l2" };

/** Makes a Service with an IPv4 and an IPv6 address, which the kernel of every node answers pings for. */
export async function createService(lab: Lab): Promise<readonly [string, string]> {
  const { cluster } = lab;
  await cluster.create(namespaceObject(NAMESPACE));
  for (const { name } of NODES) {
    const labels = { app: "webapp", tier: "frontend" };
    const node = NODES.find((candidate) => candidate.name === name)!;
    await cluster.create(applicationPod(NAMESPACE, { name: `frontend-${name}`, labels, ports: [8080] }, node));
  }
  await cluster.createAll(DUAL_STACK);
  const addresses = await until("two addresses", seconds(20), async () => {
    const found = await cluster.addressesOf(SERVICE);
    return found.length === 2 ? found : undefined;
  });
  for (const { name, ipv4, ipv6 } of NODES) {
    for (const address of addresses) {
      const via = address.includes(":") ? ipv6 : ipv4;
      await until(`${name} to have ${address}`, seconds(20), async () => {
        const { stdout } = await lab.run(name, ["ip", "-o", "address", "show", "to", address]);
        return stdout.includes(address) || undefined;
      });
      await lab.run(CLIENT.name, ["ping", "-c", "1", "-W", "1", via]);
    }
  }
  return [addresses[0]!, addresses[1]!];
}

/** Prefers a node as owner, or none. */
export async function prefer({ cluster }: Lab, node: LabNode | undefined): Promise<void> {
  const preference = { matchLabels: { "kubernetes.io/hostname": node?.name } };
  const spec = { preferredNodeSelectors: node === undefined ? null : [{ weight: 100, preference }] };
  const patched = await cluster.client.patch(KINDS.L2Advertisement, ADVERTISEMENT, { type: "merge", body: { spec } });
  if (!patched.ok) throw new Error(`the L2Advertisement can't be changed: ${patched.error.message}`);
}
