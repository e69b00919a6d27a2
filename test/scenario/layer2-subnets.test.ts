import { beforeEach, describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { parseAddress } from "../../src/ip/address.ts";
import { parsePrefix } from "../../src/ip/prefix.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { settle } from "../support/settle.ts";
import { type LabSpeaker, SpeakerLab } from "../support/speaker-lab.ts";

let lab: SpeakerLab;
let speaker: LabSpeaker;

beforeEach(async () => {
  lab = new SpeakerLab();
  lab.node("node-1");
  lab.pool("pool", "192.0.2.0/24", "2001:db8::/64");
  lab.advertisement("l2");
  speaker = await lab.speaker("node-1", { interfaces: ["eth0", "eth1"] });
});

/** The worker tells the subnets of its interfaces. */
async function subnets(on: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const interfaces = Object.entries(on).map(([name, texts]) => ({
    name,
    subnets: texts.map((text) => parsePrefix(text)!),
  }));
  speaker.worker.emit({ on: "subnets", interfaces });
  await settle();
}

async function pass(time = seconds(5)): Promise<void> {
  await settle();
  lab.clock.advance(time);
  await settle();
}

const events = () => speaker.events.filter(({ reason }) => reason === "NoMatchingSubnet");
const lines = () =>
  speaker.log.lines
    .filter(({ fields }) => fields["reason"] === "noSubnet")
    .map(({ level, message }) => `${level} ${message}`);

describe.each([
  { family: "IPv4", ip: "192.0.2.10", right: "192.0.2.0/24", wrong: "10.0.0.0/24", other: "2001:db8::/64" },
  { family: "IPv6", ip: "2001:db8::10", right: "2001:db8::/64", wrong: "fd00::/64", other: "192.0.2.0/24" },
])("$family", ({ family, ip, right, wrong, other }) => {
  test("nothing is said when all interfaces carry the subnet", async () => {
    await subnets({ eth0: [right], eth1: [wrong, right] });
    lab.service("web", [ip]);
    await pass();
    expect([lines(), events()]).toEqual([[], []]);
  });

  test("interfaces that don't, beside one that does, are named in the log, once", async () => {
    await subnets({ eth0: [right], eth1: [wrong] });
    lab.service("web", [ip]);
    await pass();
    lab.kube.edit(KINDS.Service, "shop/web", { metadata: { labels: { touched: "yes" } } });
    await subnets({ eth0: [right, wrong], eth1: [wrong] });
    await pass();
    const text = `${ip} is answered on node "node-1" on eth1 (${wrong}), which carry no subnet with it; other interfaces do`;
    expect([lines(), events()]).toEqual([[`info ${text}`], []]);
    expect(speaker.answers()).toEqual([ip]);
    const shown = speaker.state(`ip=${ip}`).layer2[0]!.interfaces.map(({ name, noSubnet }) => [name, noSubnet]);
    expect(shown).toEqual([
      ["eth0", undefined],
      ["eth1", true],
    ]);
  });

  test("when none does, the Service is told in one event, and it is answered all the same", async () => {
    await subnets({ eth0: [wrong], eth1: [other] });
    lab.service("web", [ip]);
    await pass();
    await pass(seconds(60));
    const text =
      `${ip} is answered on node "node-1" on eth0 (${wrong}), eth1 (no ${family} subnet), and none of its interfaces carries a subnet with it: ` +
      "only hosts with a route to it will ask. Where that is not meant, correct the addresses of the pool or the interfaces of the L2Advertisement";
    expect(lines()).toEqual([`info ${text}`]);
    const regarding = expect.objectContaining({ kind: "Service", namespace: "shop", name: "web" }) as object;
    expect(events()).toEqual([{ regarding, type: "Normal", reason: "NoMatchingSubnet", message: text }]);
    expect(speaker.answers()).toEqual([ip]);
  });

  test("an interface that gets its addresses late is given time", async () => {
    await subnets({ eth0: [], eth1: [] });
    lab.service("web", [ip]);
    await pass(millis(4999));
    await subnets({ eth0: [right], eth1: [right] });
    await pass();
    expect([lines(), events()]).toEqual([[], []]);
  });

  test("what is found anew is told again: other interfaces, another Service, another turn as the owner", async () => {
    await subnets({ eth0: [wrong], eth1: [wrong] });
    lab.service("web", [ip]);
    await pass();
    speaker.worker.emit({
      on: "announcing",
      address: parseAddress(ip)!,
      interfaces: [{ name: "eth1", mac: "02:00:00:00:00:02" }],
    });
    await pass();
    expect(lines().map((line) => line.includes("eth0"))).toEqual([true, false]);
    lab.node("node-1", { networkUnavailable: true });
    await pass();
    lab.node("node-1");
    await pass();
    expect(lines()).toHaveLength(3);
    lab.kube.remove(KINDS.Service, "shop/web");
    lab.service("next", [ip]);
    await pass();
    expect(events().map((event) => event.regarding.name)).toEqual(["web", "web", "web", "next"]);
  });
});

test("an interface that goes and comes back is no news; a Service made anew under the same name is", async () => {
  await subnets({ eth0: ["10.0.0.0/24"], eth1: ["10.0.0.0/24"] });
  lab.service("web", ["192.0.2.10"]);
  await pass();
  const address = parseAddress("192.0.2.10")!;
  const on = ["eth0", "eth1"].map((name) => ({ name, mac: "02:00:00:00:00:01" }));
  for (const interfaces of [[], on]) {
    speaker.worker.emit({ on: "announcing", address, interfaces });
    await pass();
  }
  expect(events()).toHaveLength(1);
  lab.kube.remove(KINDS.Service, "shop/web");
  lab.service("web", ["192.0.2.10"]);
  await pass();
  expect(new Set(events().map(({ regarding }) => regarding.uid)).size).toBe(2);
});

test("in a message with many interfaces eight are named", async () => {
  const names = Array.from({ length: 12 }, (_, i) => `eth${i}`);
  speaker = await lab.speaker("node-1", { interfaces: names });
  await subnets(Object.fromEntries(names.map((name) => [name, ["10.0.0.0/24"]])));
  lab.service("web", ["192.0.2.10"]);
  await pass();
  expect(events()[0]!.message).toContain("eth7 (10.0.0.0/24) and 4 more, and none");
});
