import { describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { OwnPod } from "../../src/reporting/own-pod.ts";
import { StatusKeeper } from "../../src/speaker/status-keeper.ts";
import { L2_STATUS } from "../../src/speaker/status-kind.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingKube } from "../support/recording-kube.ts";
import { RecordingLog } from "../support/recording-log.ts";
import { settle } from "../support/settle.ts";

const NAMESPACE = "metallb-system";

async function keeper(node: string, kube: RecordingKube, clock: ManualClock) {
  const ports = { watcher: kube, client: kube, clock, random: { next: () => 0 }, log: new RecordingLog() };
  const pod = new OwnPod({ namespace: NAMESPACE, podName: undefined }, ports);
  const statuses = new StatusKeeper(L2_STATUS, { node, namespace: NAMESPACE }, ports, pod);
  statuses.start();
  await settle();
  statuses.begin();
  return statuses;
}

function nodes(kube: RecordingKube): readonly unknown[] {
  return kube.objects(KINDS.ServiceL2Status).map(({ status }) => (status as { node?: string } | undefined)?.node);
}

describe("two speakers that both take themselves for the owner", () => {
  test("remove each other's status a few times in ten seconds, and agree in the end", async () => {
    const kube = new RecordingKube();
    const clock = new ManualClock();
    const one = await keeper("node-1", kube, clock);
    const other = await keeper("node-2", kube, clock);
    one.want("shop/web", "all");
    other.want("shop/web", "all");
    for (let turn = 0; turn < 200; turn++) {
      await settle();
      clock.advance(millis(50));
    }
    expect(kube.requests.length).toBeGreaterThan(10);
    expect(kube.requests.length).toBeLessThan(80);

    other.want("shop/web", undefined);
    clock.advance(seconds(10));
    await settle();
    expect(nodes(kube)).toEqual(["node-1"]);
  });

  test("a Service that moves often is written as often", async () => {
    const kube = new RecordingKube();
    const clock = new ManualClock();
    const one = await keeper("node-1", kube, clock);
    for (let turn = 0; turn < 3; turn++) {
      one.want("shop/web", "all");
      await settle();
      expect(nodes(kube)).toEqual(["node-1"]);
      one.want("shop/web", undefined);
      await settle();
      expect(nodes(kube)).toEqual([]);
    }
  });
});
