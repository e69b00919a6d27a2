import { beforeEach, describe, expect, test } from "vitest";
import { type IpAddress, parseAddress } from "../../src/ip/address.ts";
import { seconds } from "../../src/lib/duration.ts";
import type { AddressCounters } from "../../src/speaker/protocol.ts";
import { settle } from "../support/settle.ts";
import { type LabSpeaker, SpeakerLab } from "../support/speaker-lab.ts";

const SPEAKER_PODS = { labels: "app=metallb", port: 7946 };
const LAST_ANSWERED = "metallb_layer2_last_answered_timestamp_seconds";
const ASKER = "02:00:00:00:00:99";

let lab: SpeakerLab;
let speaker: LabSpeaker;

beforeEach(async () => {
  lab = new SpeakerLab();
  lab.node("node-1");
  lab.pool("pool", "10.0.0.0/24", "fd00::/120");
  lab.advertisement("all");
  lab.service("web", ["10.0.0.1", "fd00::1"]);
  speaker = await lab.speaker("node-1");
});

function counters(address: IpAddress, more: Partial<AddressCounters>): AddressCounters {
  return { address, requestsReceived: 0, responsesSent: 0, gratuitousSent: 0, duplicatesHeard: 0, ...more };
}

async function tell(event: Parameters<LabSpeaker["worker"]["emit"]>[0]): Promise<void> {
  speaker.worker.emit(event);
  await settle();
}

describe("the state of a speaker", () => {
  test("has each address with its Services, and where it is answered", () => {
    const interfaces = [
      { name: "eth0", mac: "02:00:00:00:00:01" },
      { name: "eth1", mac: "02:00:00:00:00:01" },
    ];
    expect(speaker.state()).toMatchObject({
      node: "node-1",
      layer2: [
        { ip: "10.0.0.1", services: ["shop/web"], interfaces, duplicates: [] },
        { ip: "fd00::1", services: ["shop/web"], interfaces, duplicates: [] },
      ],
    });
    expect(speaker.state()).not.toHaveProperty("membership");
  });

  test.each(["10.0.0.1", "fd00::1"])("has what happened last to %s, also as a metric", async (ip) => {
    const address = parseAddress(ip)!;
    lab.clock.advance(seconds(10));
    const lastAnswered = { agoMs: 250, interface: "eth1", to: ASKER };
    await tell({ on: "counters", counters: [counters(address, { lastAnswered, lastGratuitous: { agoMs: 4000 } })] });
    lab.clock.advance(seconds(1));
    await tell({ on: "counters", counters: [counters(address, { requestsReceived: 1 })] });
    expect(speaker.state(`ip=${ip}`).layer2).toMatchObject([
      {
        lastAnswered: { at: "2026-01-01T00:00:09.750Z", interface: "eth1", to: ASKER },
        lastGratuitous: "2026-01-01T00:00:06.000Z",
      },
    ]);
    expect(speaker.metrics.values.get(`${LAST_ANSWERED}{ip="${ip}"}`)).toBe(Date.UTC(2026, 0, 1) / 1000 + 9.75);
    expect(speaker.metrics.series(LAST_ANSWERED)).toHaveLength(1);
  });

  test("has the stations that claim an address, the latest first and each once", async () => {
    const address = parseAddress("10.0.0.1")!;
    for (const last of [...Array(9).keys(), 3]) {
      lab.clock.advance(seconds(1));
      await tell({ on: "duplicate", address, mac: `02:00:00:00:01:0${last}`, interface: "eth0" });
    }
    const { duplicates } = speaker.state("ip=10.0.0.1").layer2[0]!;
    expect(duplicates.map(({ mac }) => mac.at(-1)).join("")).toBe("38765421");
    expect(duplicates[0]).toEqual({ mac: "02:00:00:00:01:03", interface: "eth0", at: "2026-01-01T00:00:10.000Z" });
  });

  test("forgets an address that has gone, with its metric, whatever is told of it late", async () => {
    const address = parseAddress("10.0.0.1")!;
    const answered = counters(address, { lastAnswered: { agoMs: 0, interface: "eth0", to: ASKER } });
    await tell({ on: "counters", counters: [answered] });
    lab.service("web", ["fd00::1"]);
    await settle();
    await tell({ on: "counters", counters: [answered] });
    await tell({ on: "duplicate", address, mac: "02:00:00:00:00:66", interface: "eth0" });
    expect(speaker.state().layer2.map(({ ip }) => ip)).toEqual(["fd00::1"]);
    expect(speaker.metrics.series(LAST_ANSWERED)).toEqual([]);
  });

  test("shows an address that is given up as long as it is answered", async () => {
    const address = parseAddress("10.0.0.1")!;
    const { send } = speaker.worker;
    speaker.worker.send = () => undefined;
    lab.service("web", ["fd00::1"]);
    await settle();
    expect(speaker.state("ip=10.0.0.1").layer2).toMatchObject([{ services: [], interfaces: [{ name: "eth0" }, {}] }]);
    speaker.worker.send = send;
    await tell({ on: "announcing", address, interfaces: [] });
    expect(speaker.state("ip=10.0.0.1").layer2).toEqual([]);
  });

  test("says what the speaker lacks", async () => {
    expect(speaker.state()).not.toHaveProperty("waitingFor");
    await tell({ on: "trouble", code: "no-permission", message: "CAP_NET_RAW is missing" });
    expect(speaker.state().waitingFor).toBe("CAP_NET_RAW is missing");
  });

  test("shows an address that no interface answers", async () => {
    await tell({ on: "announcing", address: parseAddress("10.0.0.1")!, interfaces: [] });
    expect(speaker.state("ip=10.0.0.1").layer2).toMatchObject([{ services: ["shop/web"], interfaces: [] }]);
  });

  test("has the members, and whether nothing is answered", async () => {
    await speaker.stop();
    speaker = await lab.speaker("node-1", { speakerPods: SPEAKER_PODS });
    const joining = { kind: "doubtful", reason: "joining", since: "2026-01-01T00:00:00.000Z", holdsBack: true };
    expect(speaker.state().membership).toEqual({ standing: joining, members: [] });
    const members = [
      { node: "node-1", address: "192.0.2.1", state: "alive" },
      { node: "node-2", address: "2001:db8::2", state: "suspect" },
    ] as const;
    await tell({ on: "standing", standing: { kind: "sure" } });
    await tell({ on: "roster", members, refused: [{ reason: "encrypted", times: 3 }] });
    await tell({ on: "roster", members, refused: [{ reason: "encrypted", times: 1 }] });
    expect(speaker.state().membership).toEqual({ standing: { kind: "sure" }, members });
    const { values } = speaker.metrics;
    expect(values.get('metallb_membership_members{state="alive"}')).toBe(1);
    expect(values.get('metallb_membership_members{state="suspect"}')).toBe(1);
    expect(values.get('metallb_membership_packets_refused_total{reason="encrypted"}')).toBe(4);
  });
});
