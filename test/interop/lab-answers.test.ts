import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applicationPod, METALLB_NAMESPACE, namespaceObject } from "../../src/dev/lab/cluster-objects.ts";
import type { Lab } from "../../src/dev/lab/lab.ts";
import { DUAL_STACK } from "../../src/dev/lab/manifests/dual-stack.ts";
import { WEB_APPLICATION } from "../../src/dev/lab/manifests/web-application.ts";
import { CLIENT, NODES } from "../../src/dev/lab/topology.ts";
import { until } from "../../src/dev/lab/wait.ts";
import { seconds } from "../../src/lib/duration.ts";
import type { OwnersReport } from "../../src/inspect/owners/owners-report.ts";
import { openTestLab } from "../support/lab.ts";
import { runInspect } from "../support/run-inspect.ts";
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

  test("metallb owners shows the MAC that a client gets, and that it was this client who asked last", async () => {
    for (const { address } of OWNED) await macsThatAnswer(address);
    // Counts are told once a second.
    const report = await until("the last answers", seconds(5), async () => {
      const { out, err } = await runInspect(["owners", "-o", "json"], { env: { KUBECONFIG: lab.folder.kubeconfig } });
      if (out === "") throw new Error(err);
      const owned = JSON.parse(out) as OwnersReport;
      return owned.addresses.every(({ answers }) => answers?.[0]?.lastAnswered) ? owned : undefined;
    });
    expect(report.speakers).toMatchObject(NODES.map(({ name }) => ({ node: name, standing: { kind: "sure" } })));
    for (const { address, service } of OWNED) {
      const { name, mac } = NODES.find((node) => node.name === owners.get(service))!;
      const owned = report.addresses.find((each) => each.address === address)!;
      expect(owned).toMatchObject({ owners: [{ node: name }], problems: [] });
      expect(owned.answers).toMatchObject([
        { node: name, interfaces: [{ name: "eth0", mac }], lastAnswered: { interface: "eth0", to: CLIENT.mac } },
      ]);
    }
  });

  test("metallb explain tells whom the speakers take for members, and who answered last", async () => {
    const args = ["explain", "service", `${NAMESPACE}/webapp-http`];
    const { out } = await runInspect(args, { env: { KUBECONFIG: lab.folder.kubeconfig } });
    const { name, mac } = NODES.find((node) => node.name === owners.get("webapp-http"))!;
    expect(out).toContain("taken to be alive: whom the speakers take for members");
    expect(out).toContain(`${name} answers for 192.168.1.200 on eth0 (${mac})`);
    expect(out).toMatch(
      new RegExp(`last request answered .* ago, from ${CLIENT.mac} on eth0; last gratuitous frame .* ago`),
    );
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
