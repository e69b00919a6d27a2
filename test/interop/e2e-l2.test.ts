import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { METALLB_NAMESPACE, namespaceObject } from "../../src/dev/lab/cluster-objects.ts";
import type { Lab } from "../../src/dev/lab/lab.ts";
import { DUAL_STACK } from "../../src/dev/lab/manifests/dual-stack.ts";
import { CLIENT, NODES } from "../../src/dev/lab/topology.ts";
import { until } from "../../src/dev/lab/wait.ts";
import { seconds } from "../../src/lib/duration.ts";
import { openTestLab } from "../support/lab.ts";
import { requireOrSkip } from "../support/requirements.ts";

const NAMESPACE = "webapp";
const SERVICE = { namespace: NAMESPACE, name: "mixed" };
const PORTS = { tcp: 8080, udp: 8081 };
const ADDRESSES = ["192.168.1.229", "fd00:192:168:1::229"];

/** A Pod on each node that echoes on a TCP and on a UDP port, and a dual-stack Service with both. */
const MIXED = [
  ...NODES.map(
    ({ name }) => `apiVersion: v1
kind: Pod
metadata:
  name: mixed-${name}
  namespace: ${NAMESPACE}
  labels: { app: mixed }
spec:
  nodeName: ${name}
  containers:
    - name: app
      image: metallb-lab
      ports:
        - { containerPort: ${PORTS.tcp}, protocol: TCP }
        - { containerPort: ${PORTS.udp}, protocol: UDP }
`,
  ),
  `apiVersion: v1
kind: Service
metadata:
  name: mixed
  namespace: ${NAMESPACE}
  annotations:
    metallb.io/address-pool: dual-stack-pool
    metallb.io/loadBalancerIPs: ${ADDRESSES.join(",")}
spec:
  type: LoadBalancer
  ipFamilyPolicy: RequireDualStack
  ports:
    - { name: tcp, protocol: TCP, port: ${PORTS.tcp}, targetPort: ${PORTS.tcp} }
    - { name: udp, protocol: UDP, port: ${PORTS.udp}, targetPort: ${PORTS.udp} }
  selector: { app: mixed }
`,
].join("---\n");

const requirement = requireOrSkip(["root", "netns", "addon", "bin:arping", "bin:ndisc6", "bin:curl"]);

describe.skipIf(requirement.skip)("real controller and speakers, asked by a real client", () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await openTestLab();
    await lab.cluster.create(namespaceObject(NAMESPACE));
    await lab.cluster.createAll(DUAL_STACK);
    await lab.cluster.createAll(MIXED);
    await until("an announcer", seconds(20), announcer);
  });

  afterAll(() => lab?.close());

  /** The node that its ServiceL2Status names; undefined while there is none, or more than one. */
  async function announcer(): Promise<string | undefined> {
    const names = await lab.cluster.announcersOf(SERVICE, METALLB_NAMESPACE);
    return names.length === 1 ? names[0] : undefined;
  }

  /** The nodes whose MACs answer the client's question. */
  async function answering(address: string): Promise<readonly string[]> {
    const question = address.includes(":")
      ? ["ndisc6", "-n", "-m", "-r", "1", "-w", "1000", address, "eth0"]
      : ["arping", "-b", "-c", "1", "-w", "1", "-I", "eth0", address];
    const { stdout } = await lab.run(CLIENT.name, question);
    const macs = (stdout.match(/([\da-f]{2}:){5}[\da-f]{2}/gi) ?? []).map((mac) => mac.toLowerCase());
    return macs.map((mac) => NODES.find((node) => node.mac === mac)?.name ?? mac);
  }

  async function tcp(address: string): Promise<string> {
    const host = address.includes(":") ? `[${address}]` : address;
    return (await lab.run(CLIENT.name, ["curl", "-s", "-m", "2", `http://${host}:${PORTS.tcp}/`])).stdout;
  }

  async function udp(address: string): Promise<string> {
    const script = `exec 3<>/dev/udp/${address}/${PORTS.udp}; echo hello >&3; timeout 2 head -n 1 <&3`;
    return (await lab.run(CLIENT.name, ["bash", "-c", script])).stdout;
  }

  test("l2.go: TCP and UDP ports of one Service are reachable", async () => {
    for (const address of ADDRESSES) {
      await expect.poll(() => tcp(address), { timeout: 15_000 }).toMatch(/pod mixed-node-\d/);
      await expect.poll(() => udp(address), { timeout: 15_000 }).toMatch(/pod mixed-node-\d/);
    }
  });

  test("speaker_failover.go: an address moves when its node runs no speaker any more, and returns to it", async () => {
    const original = await until("an announcer", seconds(20), announcer);
    const node = NODES.find(({ name }) => name === original)!;
    const others = NODES.map(({ name }) => name).filter((name) => name !== original);
    // A taint that the DaemonSet doesn't tolerate does the same: the Pod ends, and none takes its place.
    await lab.stopSpeaker(node);
    const moved = await until("another announcer", seconds(20), async () => {
      const now = await announcer();
      return now === original ? undefined : now;
    });
    expect(others).toContain(moved);
    for (const address of ADDRESSES) {
      await expect.poll(() => answering(address), { timeout: 15_000 }).toEqual([moved]);
      await expect.poll(() => tcp(address), { timeout: 15_000 }).toMatch(/pod mixed/);
    }
    await lab.startSpeaker(node);
    await expect.poll(announcer, { timeout: 30_000 }).toBe(original);
    for (const address of ADDRESSES)
      await expect.poll(() => answering(address), { timeout: 15_000 }).toEqual([original]);
  });
});
