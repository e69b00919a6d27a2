import { beforeEach, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { formatAddress } from "../../src/ip/address.ts";
import { settle } from "../support/settle.ts";
import { type LabSpeaker, SpeakerLab } from "../support/speaker-lab.ts";

const ADDRESSES = ["10.0.0.1", "fd00:1::1"];
const NODES = ["node-a", "node-b", "node-c"];
const MEMBERSHIP = { speakerPods: { labels: "app=metallb", port: 7946 } };

let lab: SpeakerLab;
let speakers: ReadonlyMap<string, LabSpeaker>;

/** Of 10.0.0.1 the order of owners is node-b, node-a, node-c. */
beforeEach(async () => {
  lab = new SpeakerLab();
  for (const node of NODES) lab.node(node);
  lab.pool("pool", "10.0.0.0/24", "fd00:1::/112");
  lab.advertisement("all");
  lab.service("web", ADDRESSES, { on: NODES });
  speakers = new Map(
    await Promise.all(NODES.map(async (node) => [node, await lab.speaker(node, MEMBERSHIP)] as const)),
  );
  await alive(...NODES);
  for (const { worker } of speakers.values()) worker.commands.length = 0;
});

async function alive(...nodes: readonly string[]): Promise<void> {
  for (const { worker } of speakers.values()) worker.emit({ on: "members", nodes });
  await settle();
}

/** What a node's worker was told about addresses, briefly, since the beginning of the test. */
function told(node: string): readonly string[] {
  return speakers.get(node)!.worker.commands.flatMap((command) => {
    if (command.do === "announce") {
      const { announcement, takesOver } = command;
      return [`announce ${formatAddress(announcement.address)}${takesOver === true ? ", taking over" : ""}`];
    }
    if (command.do !== "withdraw") return [];
    return [`withdraw ${formatAddress(command.address)}${command.handover === true ? ", handing over" : ""}`];
  });
}

const handsOver = ADDRESSES.map((ip) => `withdraw ${ip}, handing over`);
const takesOver = ADDRESSES.map((ip) => `announce ${ip}, taking over`);
const givesUp = ADDRESSES.map((ip) => `withdraw ${ip}`);
const begins = ADDRESSES.map((ip) => `announce ${ip}`);

const NOWHERE = { matchLabels: { "kubernetes.io/hostname": "node-z" } };
const NEXT = "node-a";
const OWNER = "node-b";

test.each<{ what: string; cause: () => void | Promise<void>; to?: string }>([
  {
    what: "another node is preferred",
    cause: () => {
      const preference = { matchLabels: { "kubernetes.io/hostname": "node-c" } };
      lab.advertisement("all", { preferredNodeSelectors: [{ weight: 10, preference }] });
    },
    to: "node-c",
  },
  {
    what: "an advertisement selects other nodes",
    cause: () => lab.advertisement("all", { nodeSelectors: [{ matchLabels: { "kubernetes.io/hostname": "node-c" } }] }),
    to: "node-c",
  },
  {
    what: "the owner is drained: it is excluded from load balancers",
    cause: () => lab.node(OWNER, { labels: { "node.kubernetes.io/exclude-from-external-load-balancers": "" } }),
  },
  { what: "the owner's network is not available", cause: () => lab.node(OWNER, { networkUnavailable: true }) },
])("$what: both nodes take part in the move", async ({ cause, to = NEXT }) => {
  await cause();
  await settle();
  expect(told(OWNER)).toEqual(handsOver);
  expect(told(to)).toEqual(takesOver);
  expect(speakers.get(OWNER)!.log.messages("info").at(-1)).toContain(`, now on node "${to}"`);
});

test("Pods that move with externalTrafficPolicy Local take the addresses with them", async () => {
  lab.service("web", ADDRESSES, { on: [OWNER], spec: { externalTrafficPolicy: "Local" } });
  await settle();
  lab.endpoints("web", ["node-c"]);
  await settle();
  expect(told(OWNER)).toEqual(handsOver);
  expect(told("node-c")).toEqual(takesOver);
});

test("a node that comes back takes over from the one that stood in, which took over from nobody", async () => {
  await alive("node-a", "node-c");
  expect(told(NEXT)).toEqual(begins);
  await alive(...NODES);
  expect(told(NEXT)).toEqual([...begins, ...handsOver]);
});

test("a speaker that begins anew doesn't know who stands in, and takes over from whoever does", async () => {
  await speakers.get(OWNER)!.stop();
  await alive("node-a", "node-c");
  const again = await lab.speaker(OWNER, MEMBERSHIP);
  again.worker.emit({ on: "members", nodes: NODES });
  await alive(...NODES);
  const announced = again.worker.commands.filter((command) => command.do === "announce");
  expect(announced.map((command) => command.takesOver)).toEqual([true, true]);
});

test.each<{ what: string; cause: () => void }>([
  { what: "the Service is deleted", cause: () => lab.kube.remove(KINDS.Service, "shop/web") },
  { what: "the Service has no endpoints any more", cause: () => lab.endpoints("web", []) },
  { what: "nobody may announce any more", cause: () => lab.advertisement("all", { nodeSelectors: [NOWHERE] }) },
])("$what: the addresses are given up at once", async ({ cause }) => {
  cause();
  await settle();
  expect(told(OWNER)).toEqual(givesUp);
});

test("an address that the Service has no more is given up at once, and a new one is nobody's yet", async () => {
  lab.service("web", ["10.0.0.1", "fd00:1::2"], { on: NODES });
  await settle();
  expect(told(OWNER)).toEqual(["withdraw fd00:1::1", "announce fd00:1::2"]);
});

test("told to stop, a speaker leaves the addresses to its worker to hand over", async () => {
  const stopped = speakers.get(OWNER)!.stop();
  expect(told(OWNER)).toEqual([]);
  expect(speakers.get(OWNER)!.worker.commands.at(-1)).toEqual({ do: "stop" });
  await stopped;
});
