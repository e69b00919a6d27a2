import { describe, expect, test } from "vitest";
import { Layer2Cluster } from "../support/layer2-cluster.ts";
import { V4, V6 } from "../support/stacks.ts";

describe.each([V4, V6])("$name", (stack) => {
  test("speaker_failover.go: an address moves when its node runs no speaker any more, and returns to it", async () => {
    const cluster = await Layer2Cluster.start({ membership: true });
    cluster.pool("pool", stack.ranges(0, 1, 9));
    cluster.advertise("empty");
    await cluster.service("web", stack.service);
    const first = cluster.announcer("web")!;
    expect(cluster.nodes).toContain(first);
    await cluster.removeSpeaker(first);
    await cluster.quiet();
    expect(cluster.nodes.filter((node) => node !== first)).toContain(cluster.announcer("web"));
    cluster.startSpeaker(first);
    for (let second = 0; second < 6 && cluster.announcer("web") !== first; second++) await cluster.quiet();
    expect(cluster.announcer("web")).toBe(first);
    await cluster.close();
  });
});
