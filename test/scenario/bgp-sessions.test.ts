import { describe, expect, test } from "vitest";
import { parseAddress } from "../../src/ip/address.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import type { ListenPlan } from "../../src/speaker/bgp/peer-manager.ts";
import { type BgpHost, BgpNetwork, hostRoutes, sessionOf, stateOf, withMed } from "../support/bgp-pair.ts";
import { settle } from "../support/settle.ts";

const FAMILIES = [
  { family: "IPv4", a: "10.0.0.1", b: "10.0.0.2" },
  { family: "IPv6", a: "fd00::1", b: "fd00::2" },
] as const;

describe.each(FAMILIES)("sessions over $family", (addresses) => {
  /** Two hosts whose session stands, dialled by the first. */
  async function pair(): Promise<{ network: BgpNetwork; a: BgpHost; b: BgpHost }> {
    const network = new BgpNetwork();
    const [a, b] = [network.host(addresses.a), network.host(addresses.b)];
    b.manager.setPeers([network.plan(b, a, { passive: true })]);
    await settle();
    a.manager.setPeers([network.plan(a, b)]);
    await network.pass(millis(0));
    expect([stateOf(a), stateOf(b)]).toEqual(["Established", "Established"]);
    return { network, a, b };
  }

  test.each([
    { dials: "one side", passive: [false, true], key: undefined },
    { dials: "the other side, with a key", passive: [true, false], key: "secret" },
    { dials: "both sides", passive: [false, false], key: undefined },
  ])("come up when it is $dials that begins", async ({ passive: [first, second], key }) => {
    const network = new BgpNetwork();
    const [a, b] = [network.host(addresses.a), network.host(addresses.b)];
    const connect = key === undefined ? {} : { key };
    a.manager.setPeers([network.plan(a, b, { passive: first!, connect })]);
    b.manager.setPeers([network.plan(b, a, { passive: second!, connect })]);
    await network.pass(seconds(20));
    expect([stateOf(a), stateOf(b)]).toEqual(["Established", "Established"]);
    expect([sessionOf(a).timesEstablished, sessionOf(b).timesEstablished]).toEqual([1, 1]);
  });

  test("what changes in one go is one UPDATE, and only what changed", async () => {
    const { a, b } = await pair();
    a.manager.setRoutes("peer", hostRoutes(1, 100));
    await settle();
    const before = sessionOf(a).sent.update;
    expect(sessionOf(b).prefixesReceived.IPv4).toBe(addresses.family === "IPv4" ? 100 : 0);
    for (const count of [99, 98, 97]) a.manager.setRoutes("peer", hostRoutes(1, count));
    a.manager.setRoutes("peer", hostRoutes(1, 100));
    await settle();
    expect(sessionOf(a).sent.update, "in the end nothing has changed").toBe(before);
  });

  test("a peer that changes leaves the others alone, and a change that the wire doesn't see leaves it alone", async () => {
    const { network, a, b } = await pair();
    const c = network.host("10.0.0.9");
    c.manager.setPeers([network.plan(c, a, { passive: true })]);
    await settle();
    const [ofB, ofC] = [network.plan(a, b), network.plan(a, c, { name: "other" })];
    a.manager.setPeers([ofB, ofC]);
    await network.pass(seconds(1));
    expect(stateOf(a, "other")).toBe("Established");
    const unseen = { ...ofB, config: { ...ofB.config, connectTime: seconds(3) } };
    a.manager.setPeers([unseen, { ...ofC, config: { ...ofC.config, holdTime: seconds(30) } }]);
    await network.pass(seconds(5));
    expect(sessionOf(a).timesEstablished).toBe(1);
    expect([stateOf(a, "other"), sessionOf(a, "other").timesEstablished]).toEqual(["Established", 2]);
    expect(sessionOf(c).lastEnd?.reason.text).toBe("the peer says: cease: other configuration change");
  });

  test("the end takes routes back, says why, and leaves nothing open", async () => {
    const { network, a, b } = await pair();
    a.manager.setRoutes("peer", hostRoutes(1, 10));
    await settle();
    const end = a.manager.stop("admin-shutdown", "going home");
    await settle();
    await end;
    expect(sessionOf(b).prefixesReceived.IPv4).toBe(0);
    expect(sessionOf(b).lastEnd?.reason.text).toBe('the peer says: cease: administrative shutdown: "going home"');
    await b.manager.stop();
    await settle();
    expect([network.internet.streams.openEnds, network.clock.pending]).toEqual([0, 0]);
  });

  test("a peer that takes nothing does not delay the end by more than two seconds", async () => {
    const { network, a, b } = await pair();
    network.internet.streams.stall(b.address);
    let ended = false;
    void a.manager.stop().then(() => (ended = true));
    await network.pass(seconds(1));
    expect(ended).toBe(false);
    await network.pass(seconds(1));
    expect(ended).toBe(true);
  });

  test("silence ends the session when the hold time is over, and it comes again", async () => {
    const { network, a, b } = await pair();
    await network.pass(seconds(300));
    expect([stateOf(a), stateOf(b)], "keepalives hold it").toEqual(["Established", "Established"]);
    network.internet.streams.stall(a.address);
    network.internet.streams.stall(b.address);
    await network.pass(seconds(91));
    expect(sessionOf(a).transitions).toContainEqual(
      expect.objectContaining({ from: "Established", reason: expect.objectContaining({ code: "hold-timer-expired" }) }),
    );
    network.internet.streams.resume(a.address);
    network.internet.streams.resume(b.address);
    await network.pass(seconds(60));
    expect([stateOf(a), stateOf(b)]).toEqual(["Established", "Established"]);
  });

  test("a hundred flaps leave nothing behind", async () => {
    const { network, a, b } = await pair();
    const plan = network.plan(a, b);
    const pending = network.clock.pending;
    for (let i = 0; i < 100; i++) {
      a.manager.setPeers([]);
      await network.pass(seconds(61));
      a.manager.setPeers([plan]);
      for (let tries = 0; stateOf(a) !== "Established" && tries < 120; tries++) await network.pass(seconds(1));
      expect(stateOf(a)).toBe("Established");
    }
    expect(sessionOf(b).timesEstablished).toBe(101);
    expect(network.internet.streams.openEnds).toBe(2);
    expect(network.clock.pending).toBe(pending);
  });
});

test("to a peer that reads slowly nothing is sent that is out of date by then", async () => {
  const network = new BgpNetwork();
  const [a, b] = [network.host("10.0.0.1"), network.host("10.0.0.2")];
  b.manager.setPeers([network.plan(b, a, { passive: true })]);
  await settle();
  a.manager.setPeers([network.plan(a, b)]);
  await network.pass(millis(0));
  network.internet.streams.stall(b.address);
  const count = 60_000;
  const routes = hostRoutes(1, count);
  /** Messages that it takes, of 4096 bytes with five for each prefix. */
  const sizeOfAll = (count * 5) / 4000;
  for (let med = 0; med < 3; med++) {
    a.manager.setRoutes("peer", withMed(routes, med));
    await settle(2);
  }
  const sent = sessionOf(a).sent.update;
  a.manager.setRoutes("peer", withMed(routes.slice(0, 1), 9));
  network.internet.streams.resume(b.address);
  await settle(100);
  expect(sessionOf(b).prefixesReceived.IPv4).toBe(1);
  // One packing of all routes is on its way; the others were never made.
  expect(sent).toBeLessThan(2 * sizeOfAll);
  expect(stateOf(b)).toBe("Established");
});

describe("listening", () => {
  test("is only for peers, and nothing of anybody else is read", async () => {
    const network = new BgpNetwork();
    const [a, b] = [network.host("10.0.0.1"), network.host("10.0.0.2")];
    a.manager.setPeers([network.plan(a, b, { passive: true })]);
    await settle();
    const stranger = network.internet.host(parseAddress("10.0.0.3")!).streams;
    const closed = new Promise<string | undefined>((done) => {
      const connection = stranger.connect(
        { address: a.address, port: 179 },
        { onData: () => done("heard something"), onEnd: () => {}, onClose: done },
      );
      connection.write(new Uint8Array(4096).fill(0xff));
    });
    expect(await closed).toBe("reset");
    expect(sessionOf(a).received.open).toBe(0);
  });

  test.each<{ listen: ListenPlan | "nowhere"; open: boolean[] }>([
    { listen: { port: 179, onlyIfNeeded: true }, open: [false, true, false, false] },
    { listen: { port: 179, onlyIfNeeded: false }, open: [true, true, true, false] },
    { listen: "nowhere", open: [false, false, false, false] },
  ])("begins and ends with the peers that are to connect: $listen", async ({ listen, open }) => {
    const network = new BgpNetwork();
    const [a, b] = [network.host("10.0.0.1", listen), network.host("10.0.0.2")];
    const host = network.internet.host(a.address).streams;
    const isOpen = async (): Promise<boolean> => {
      await settle();
      return host
        .listen({ address: a.address, port: 179 }, () => ({ onData: () => {}, onEnd: () => {}, onClose: () => {} }))
        .then(
          (listener) => {
            listener.close();
            return false;
          },
          () => true,
        );
    };
    const steps: boolean[] = [];
    for (const passive of [false, true, false]) {
      a.manager.setPeers([network.plan(a, b, { passive })]);
      steps.push(await isOpen());
    }
    a.manager.setPeers([]);
    expect([...steps, await isOpen()]).toEqual(open);
  });

  test("goes on trying for a port that another has, and complains once", async () => {
    const network = new BgpNetwork();
    const [a, b] = [network.host("10.0.0.1"), network.host("10.0.0.2")];
    const nobody = { onData: () => {}, onEnd: () => {}, onClose: () => {} };
    const { streams } = network.internet.host(a.address);
    const refuse = { accepts: () => undefined };
    const other = await streams.listen({ address: a.address, port: 179 }, () => nobody, refuse);
    a.manager.setPeers([network.plan(a, b, { passive: true })]);
    b.manager.setPeers([network.plan(b, a)]);
    await network.pass(seconds(35));
    const complaints = a.log.lines.filter(({ message }) => message.startsWith("peers can't connect to us"));
    expect(complaints).toHaveLength(1);
    other.close();
    await network.pass(seconds(60));
    expect(stateOf(a)).toBe("Established");
  });

  test("with a key counts for the peer that has it, and follows its changes", async () => {
    const network = new BgpNetwork();
    const [a, b] = [network.host("10.0.0.1"), network.host("10.0.0.2")];
    const listening = (key: string, keyVersion: number): void =>
      a.manager.setPeers([
        network.plan(a, b, {
          passive: true,
          connect: { key },
          config: { transport: { ...network.plan(a, b).config.transport, keyVersion } },
        }),
      ]);
    listening("one", 1);
    b.manager.setPeers([network.plan(b, a, { connect: { key: "two" } })]);
    await network.pass(seconds(30));
    expect(stateOf(b)).not.toBe("Established");
    listening("two", 2);
    await network.pass(seconds(30));
    expect([stateOf(a), stateOf(b)]).toEqual(["Established", "Established"]);
  });
});

test("a peer that can't be reached is complained about once for each reason", async () => {
  const network = new BgpNetwork();
  const [a, b] = [network.host("10.0.0.1"), network.host("10.0.0.2")];
  a.manager.setPeers([network.plan(a, b)]);
  await network.pass(seconds(120));
  const complaints = a.log.lines.filter(({ fields }) => fields["event"] === "bgp-session-failed");
  expect(complaints.map(({ fields, message }) => [fields["peer"], message])).toEqual([
    ["peer", "no BGP session: nobody listens"],
  ]);
  expect(JSON.stringify(a.log.lines)).not.toContain("secret");
});
