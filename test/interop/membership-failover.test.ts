import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applicationPod, METALLB_NAMESPACE, namespaceObject } from "../../src/dev/lab/cluster-objects.ts";
import type { Lab } from "../../src/dev/lab/lab.ts";
import { WEB_APPLICATION } from "../../src/dev/lab/manifests/web-application.ts";
import { CLIENT, type LabNode, NODES } from "../../src/dev/lab/topology.ts";
import { until } from "../../src/dev/lab/wait.ts";
import { seconds } from "../../src/lib/duration.ts";
import { openTestLab } from "../support/lab.ts";
import { requireOrSkip } from "../support/requirements.ts";

const NAMESPACE = "webapp";
const SERVICE = { namespace: NAMESPACE, name: "webapp-http" };
const ADDRESS = "192.168.1.200";

describe.skipIf(requireOrSkip(["root", "netns", "addon", "bin:arping"]).skip)("a speaker that is killed", () => {
  let lab: Lab;
  let owner: LabNode;

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
    const name = await until("an announcer", seconds(20), async () => {
      const announcers = await lab.cluster.announcersOf(SERVICE, METALLB_NAMESPACE);
      return announcers.length === 1 ? announcers[0] : undefined;
    });
    owner = NODES.find((node) => node.name === name)!;
  });

  afterAll(() => lab?.close());

  /** Whose MAC addresses answer one question of the client. */
  async function answers(): Promise<readonly string[]> {
    const { stdout } = await lab.run(CLIENT.name, ["arping", "-b", "-c", "1", "-w", "1", "-I", "eth0", ADDRESS]);
    const macs = (stdout.match(/([\da-f]{2}:){5}[\da-f]{2}/gi) ?? []).map((mac) => mac.toLowerCase());
    return macs.map((mac) => NODES.find((node) => node.mac === mac)?.name ?? mac);
  }

  /** Since 1970, when a speaker that is not the owner said so in its log. */
  async function saidAt(message: string): Promise<readonly number[]> {
    const logs = await Promise.all(NODES.filter((node) => node !== owner).map((node) => lab.speakerLog(node)));
    return logs.flatMap((log) => {
      const lines = log.split("\n").filter((line) => line.includes(message));
      return lines.map((line) => Date.parse(String((JSON.parse(line) as { ts: unknown }).ts)));
    });
  }

  test("loses its address to another within seconds, though nobody told the API server", async () => {
    expect(await answers()).toEqual([owner.name]);
    const killedAt = Date.now();
    await lab.killSpeaker(owner);
    await expect.poll(answers, { timeout: 10_000 }).toEqual([expect.not.stringContaining(owner.name)]);
    const took = (await saidAt(`announcing ${ADDRESS}`)).filter((at) => at > killedAt);
    // Half a second on an idle machine; whatever else runs now may cost the rest.
    expect(Math.min(...took) - killedAt).toBeLessThan(4000);
  });

  test("has it back when it runs again", async () => {
    await lab.startSpeaker(owner);
    await expect.poll(answers, { timeout: 30_000 }).toEqual([owner.name]);
  });

  test("loses it while it is stopped, and knows that when it goes on", async () => {
    await lab.signalSpeaker(owner, "SIGSTOP");
    await expect.poll(answers, { timeout: 10_000 }).toEqual([expect.not.stringContaining(owner.name)]);
    await lab.signalSpeaker(owner, "SIGCONT");
    await expect.poll(answers, { timeout: 10_000 }).toEqual([owner.name]);
    const log = await lab.speakerLog(owner);
    expect(log).toContain("did not run for a while: it answers nothing until it has spoken with others");
    expect(log).toContain("in touch with the others");
  });

  test("leaves its address to the last one when all others are killed at once, and the API server is there", async () => {
    const last = NODES.find((node) => node !== owner)!;
    await Promise.all(NODES.filter((node) => node !== last).map((node) => lab.killSpeaker(node)));
    await expect.poll(answers, { timeout: 15_000 }).toEqual([last.name]);
  });
});
