import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AgentRoute } from "../bgp-agent.ts";
import { type Need, requireOrSkip } from "../requirements.ts";
import type { StartRouter } from "./router.ts";
import { eventually, type Pairing, RouterLab } from "./router-lab.ts";

interface RouterSuite {
  readonly start: StartRouter;
  readonly needs: readonly Need[];
  /** How the router calls it when its peer is no longer configured; absent: it does not tell. */
  readonly deconfigured?: RegExp;
  /** It takes five to ten seconds before it dials: where it has to, is looked at once. */
  readonly slowToDial?: boolean;
  /** Whether it can ask a peer for its routes again; absent: yes. */
  readonly asksAgain?: boolean;
  /** Who dials between link-local addresses; absent: it has no sessions there. */
  readonly linkLocal?: "speaker" | "router";
}

/** AS numbers: the router's, one of two bytes and one that needs four. */
const [ROUTER, SHORT, LONG, ROUTER_LONG] = [64_513, 64_512, 4_200_000_001, 4_200_000_002];

/** For what takes the router a while: 3 s of hold time, and its pause before it begins again. */
const PATIENCE = 15_000;

/** How often the session of one peer begins again; METALLB_FLAPS asks for more than the suite has time for. */
const FLAPS = Number(process.env["METALLB_FLAPS"] ?? 2);

const RESET = /^the peer says: cease: administrative (reset|shutdown)/;

const DIALED = "IPv4 external, we dial";
const DIALING = "IPv6 external, it dials";
const DROPPED = "IPv4 internal, we dial";
const UNTOUCHED = "both dial";
const SHORT_HOLD = "short hold time";

const PAIRINGS: readonly Pairing[] = [
  { name: DIALED, transport: "IPv4", asn: SHORT, dials: "speaker" },
  { name: "IPv4 external, it dials", transport: "IPv4", asn: SHORT, dials: "router" },
  { name: "IPv6 external, we dial", transport: "IPv6", asn: SHORT, dials: "speaker" },
  { name: DIALING, transport: "IPv6", asn: SHORT, dials: "router" },
  { name: DROPPED, transport: "IPv4", asn: ROUTER, dials: "speaker" },
  { name: "IPv6 internal, it dials", transport: "IPv6", asn: ROUTER, dials: "router" },
  { name: UNTOUCHED, transport: "IPv4", asn: SHORT, dials: "both" },
  { name: "our AS has four bytes", transport: "IPv4", asn: LONG, dials: "speaker" },
  { name: "its AS has four bytes", transport: "IPv6", asn: SHORT, routerAsn: ROUTER_LONG, dials: "router" },
  { name: "IPv4 key, we dial", transport: "IPv4", asn: SHORT, dials: "speaker", key: "secret4" },
  { name: "IPv6 key, we dial", transport: "IPv6", asn: SHORT, dials: "speaker", key: "secret6" },
  { name: "IPv4 key, it dials", transport: "IPv4", asn: SHORT, dials: "router", key: "secret14" },
  { name: "IPv6 key, it dials", transport: "IPv6", asn: SHORT, dials: "router", key: "secret16" },
  { name: "IPv4 TTL security, we dial", transport: "IPv4", asn: SHORT, dials: "speaker", gtsm: true },
  { name: "IPv6 TTL security, it dials", transport: "IPv6", asn: SHORT, dials: "router", gtsm: true },
  { name: SHORT_HOLD, transport: "IPv4", asn: SHORT, dials: "speaker", holdTime: 3 },
];

/** What every router must agree with us about: sessions in all ways, and routes attribute by attribute. */
export function describeRouter(
  product: string,
  { start, needs, deconfigured, slowToDial = false, asksAgain = true, linkLocal }: RouterSuite,
): void {
  const requirement = requireOrSkip(["root", "netns", "addon", "bin:nft", ...needs]);
  describe.skipIf(requirement.skip)(`BGP with ${product}`, () => {
    const pairings = [...PAIRINGS, ...(linkLocal === undefined ? [] : [linkLocalPairing(linkLocal)])];
    const again = pairings.filter(({ dials }) => !slowToDial || dials === "speaker").map(({ name }) => name);
    const looked = [DIALED, DIALING].filter((name) => again.includes(name));
    let lab: RouterLab;

    beforeAll(async () => {
      lab = new RouterLab(start, pairings);
      await lab.start();
    });

    afterAll(() => lab.close());

    test("all sessions come up", async () => {
      await expect(lab.established(undefined, PATIENCE)).resolves.toBeUndefined();
    });

    test.concurrent.each(pairings)("routes are as they are meant: $name", async ({ name }) => {
      const routes = routesOf(name);
      lab.speaker.setRoutes(name, routes);
      const [seen, meant] = await lab.settled(name, routes);
      expect(seen).toEqual(meant);
    });

    test("a changed attribute, a new route and a withdrawn one arrive", async () => {
      const [changed, , ...kept] = routesOf(DIALED);
      const routes = [{ ...changed!, communities: ["64512:7"] }, ...kept, { prefix: "10.99.0.0/16" }];
      lab.speaker.setRoutes(DIALED, routes);
      const [seen, meant] = await lab.settled(DIALED, routes);
      expect(seen).toEqual(meant);
      lab.speaker.setRoutes(DIALED, routesOf(DIALED));
      const [before, restored] = await lab.settled(DIALED, routesOf(DIALED));
      expect(before).toEqual(restored);
    });

    test.each(asksAgain ? [DIALED] : [])("asked for its routes again, it sends all of them: %s", async (name) => {
      const before = (await lab.speaker.session(name))!;
      await lab.router.refresh!(lab.addressOf(name), "IPv4");
      await eventually(PATIENCE, async () => {
        const after = (await lab.speaker.session(name))!;
        expect(after.refreshesReceived).toBeGreaterThan(before.refreshesReceived);
        expect(after.updatesSent).toBeGreaterThan(before.updatesSent);
        expect(after.timesEstablished).toBe(before.timesEstablished);
      });
      const [seen, meant] = await lab.settled(name, routesOf(name));
      expect(seen).toEqual(meant);
    });

    test.concurrent.each(looked)("a reset by the router is understood, and mended: %s", async (name) => {
      const before = (await lab.speaker.session(name))!;
      await lab.router.reset(lab.addressOf(name));
      await eventually(PATIENCE, async () => {
        expect(lab.speaker.lossesOf(name)).toContainEqual(expect.stringMatching(RESET));
        expect((await lab.speaker.session(name))!.timesEstablished).toBe(before.timesEstablished + 1);
      });
      const [seen, meant] = await lab.settled(name, routesOf(name));
      expect(seen).toEqual(meant);
    });

    test.concurrent("a peer that is no longer configured hears so, and others don't notice", async () => {
      const before = (await lab.speaker.session(UNTOUCHED))!;
      lab.speaker.dropPeer(DROPPED);
      await eventually(PATIENCE, async () => {
        const session = (await lab.router.sessions()).get(lab.addressOf(DROPPED))!;
        expect(session.established).toBe(false);
        if (deconfigured !== undefined) expect(session.lastError).toMatch(deconfigured);
      });
      expect(await lab.seen(DROPPED)).toEqual([]);
      lab.speaker.putPeers(lab.agentPeer(DROPPED));
      lab.speaker.setRoutes(DROPPED, routesOf(DROPPED));
      const [seen, meant] = await lab.settled(DROPPED, routesOf(DROPPED), PATIENCE);
      expect(seen).toEqual(meant);
      expect((await lab.speaker.session(UNTOUCHED))!.timesEstablished).toBe(before.timesEstablished);
    });

    test.concurrent("with another key nothing is heard", async () => {
      const keyed = again.filter((name) => lab.pairing(name).key !== undefined);
      lab.speaker.putPeers(...keyed.map((name) => ({ ...lab.agentPeer(name), key: "wrong" })));
      await eventually(PATIENCE, async () => {
        const { sessions } = await lab.speaker.report();
        for (const name of keyed) expect(sessions[name]!.lastEnd).toMatch(/^connect-(timeout|failed)|^config-changed/);
        for (const name of keyed) expect(sessions[name]!.state).not.toBe("Established");
      });
      lab.speaker.putPeers(...keyed.map((name) => lab.agentPeer(name)));
      await lab.established(keyed, PATIENCE);
    });

    test.concurrent("silence ends the session on both sides, and it comes again", async () => {
      const mend = lab.cut(SHORT_HOLD);
      await eventually(PATIENCE, async () => {
        expect(lab.speaker.lossesOf(SHORT_HOLD)).toContain("nothing came from the peer for 3 s");
        expect((await lab.router.sessions()).get(lab.addressOf(SHORT_HOLD))!.established).toBe(false);
      });
      mend();
      const [seen, meant] = await lab.settled(SHORT_HOLD, routesOf(SHORT_HOLD), PATIENCE);
      expect(seen).toEqual(meant);
    });

    test(
      "sessions that begin again and again leave nothing behind",
      async () => {
        await lab.established(undefined, PATIENCE);
        const before = await lab.speaker.report();
        for (let flap = 0; flap < FLAPS; flap++) {
          lab.speaker.dropPeer(DROPPED);
          await eventually(PATIENCE, async () => {
            expect((await lab.router.sessions()).get(lab.addressOf(DROPPED))!.established).toBe(false);
          });
          lab.speaker.putPeers(lab.agentPeer(DROPPED));
          await lab.established([DROPPED], PATIENCE);
        }
        lab.speaker.setRoutes(DROPPED, routesOf(DROPPED));
        const [seen, meant] = await lab.settled(DROPPED, routesOf(DROPPED), PATIENCE);
        expect(seen).toEqual(meant);
        // The sessions of other tests, and connections that are being closed, come and go.
        await lab.established(undefined, PATIENCE);
        await eventually(PATIENCE, async () => {
          expect((await lab.speaker.report()).descriptors).toBeLessThanOrEqual(before.descriptors);
        });
      },
      2 * PATIENCE + FLAPS * PATIENCE,
    );

    test("a router that dies and comes back has everything again", async () => {
      await lab.router.kill();
      await eventually(PATIENCE, async () => {
        const { sessions } = await lab.speaker.report();
        expect(Object.values(sessions).filter(({ state }) => state === "Established")).toEqual([]);
      });
      await lab.startRouter();
      await lab.established(again);
      for (const name of looked) {
        const [seen, meant] = await lab.settled(name, routesOf(name));
        expect(seen).toEqual(meant);
      }
    });

    test("a speaker that stops says so, and takes its routes along", async () => {
      expect(await lab.speaker.stop()).toBeLessThan(3000);
      await eventually(PATIENCE, async () => {
        const sessions = [...(await lab.router.sessions()).values()];
        expect(sessions.filter(({ established }) => established)).toEqual([]);
      });
      expect(await lab.seen(DIALED)).toEqual([]);
      await lab.startSpeaker();
      await lab.established(again);
    });

    function routesOf(name: string): AgentRoute[] {
      return routesFor(pairings.findIndex((pairing) => pairing.name === name) + 1);
    }
  });
}

function linkLocalPairing(dials: "speaker" | "router"): Pairing {
  return { name: "link-local addresses", transport: "IPv6", asn: SHORT, dials, linkLocal: true };
}

/** Routes that no other session has, with every attribute that we can send. */
function routesFor(index: number): AgentRoute[] {
  const [v4, v6] = [`10.${100 + index}`, `2001:db8:${index.toString(16)}`];
  return [
    { prefix: `${v4}.0.1/32` },
    { prefix: `${v4}.1.0/24`, localPref: 300, med: 50, prepend: 2 },
    {
      prefix: `${v4}.2.1/32`,
      communities: ["64512:1", "65000:65535"],
      largeCommunities: ["4200000001:1:2", "64512:0:4294967295"],
      routeTargets: ["rt:64512:7"],
    },
    { prefix: `${v4}.3.1/32`, linkBandwidth: 125_000, med: 0 },
    { prefix: `${v6}::1/128` },
    { prefix: `${v6}:1::/64`, localPref: 200, med: 4_294_967_295, communities: ["64512:100"] },
    { prefix: `${v6}:2::1/128`, largeCommunities: ["64512:1:2"], linkBandwidth: 375_000, prepend: 1 },
  ];
}
