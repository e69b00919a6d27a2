import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applicationPod, METALLB_NAMESPACE, namespaceObject } from "../../src/dev/lab/cluster-objects.ts";
import type { Lab } from "../../src/dev/lab/lab.ts";
import { DUAL_STACK } from "../../src/dev/lab/manifests/dual-stack.ts";
import { WEB_APPLICATION } from "../../src/dev/lab/manifests/web-application.ts";
import { CLIENT, NODES } from "../../src/dev/lab/topology.ts";
import { until } from "../../src/dev/lab/wait.ts";
import { seconds } from "../../src/lib/duration.ts";
import { openTestLab } from "../support/lab.ts";
import { requireOrSkip } from "../support/requirements.ts";

const NAMESPACE = "webapp";

/** Long enough for a second station to answer, too. */
const LISTEN_S = 2;

const OWNED = [
  { address: "192.168.1.200", service: "webapp-http" },
  { address: "192.168.1.220", service: "webapp-dual-stack" },
  { address: "fd00:192:168:1::220", service: "webapp-dual-stack" },
];

/** Of the same pools, but nobody's. */
const FREE = ["192.168.1.201", "192.168.1.221", "fd00:192:168:1::221"];

describe.skipIf(requireOrSkip(["root", "netns", "addon", "bin:arping", "bin:ndisc6"]).skip)("who answers", () => {
  let lab: Lab;
  const owners = new Map<string, string>();

  beforeAll(async () => {
    lab = await openTestLab();
    await lab.cluster.create(namespaceObject(NAMESPACE));
    for (const node of NODES) {
      const labels = { app: "webapp", tier: "frontend" };
      await lab.cluster.create(
        applicationPod(NAMESPACE, { name: `frontend-${node.name}`, labels, ports: [8080] }, node),
      );
    }
    await lab.cluster.createAll(WEB_APPLICATION);
    await lab.cluster.createAll(DUAL_STACK);
    for (const { service } of OWNED) {
      const announcer = await until(`an announcer of ${service}`, seconds(20), () => announcerOf(lab, service));
      owners.set(service, announcer);
    }
  });

  afterAll(() => lab?.close());

  /**
   * MAC addresses in the answers to one broadcast or multicast question. Unsolicited advertisements of the first
   * seconds look like answers to ndisc6: they end.
   */
  async function macsThatAnswer(address: string): Promise<string[]> {
    const question = address.includes(":")
      ? ["ndisc6", "-n", "-m", "-r", "1", "-w", String(LISTEN_S * 1000), address, "eth0"]
      : ["arping", "-b", "-c", "2", "-w", String(LISTEN_S), "-I", "eth0", address];
    const { stdout } = await lab.run(CLIENT.name, question);
    return (stdout.match(/([\da-f]{2}:){5}[\da-f]{2}/gi) ?? []).map((mac) => mac.toLowerCase());
  }

  test.each(OWNED)("the owner of $address alone answers, once per question", async ({ address, service }) => {
    const owner = NODES.find(({ name }) => name === owners.get(service))!;
    const questions = address.includes(":") ? 1 : 2;
    await expect.poll(() => macsThatAnswer(address), { timeout: 15_000 }).toEqual(Array(questions).fill(owner.mac));
  });

  test.each(FREE)("nobody answers for %s", async (address) => {
    expect(await macsThatAnswer(address)).toEqual([]);
  });
});

/** The node that says it announces a Service; undefined while there is none, or more than one. */
async function announcerOf(lab: Lab, service: string): Promise<string | undefined> {
  const announcers = await lab.cluster.announcersOf({ namespace: NAMESPACE, name: service }, METALLB_NAMESPACE);
  return announcers.length === 1 ? announcers[0] : undefined;
}
