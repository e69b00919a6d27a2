import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DUAL_SESSION, ModelPeer, NO_ATTRIBUTES, route } from "../../../test/support/bgp-routes.ts";
import { familyOf, formatAddress, parseAddress } from "../../ip/address.ts";
import { formatPrefix, parsePrefix } from "../../ip/prefix.ts";
import type { RibOutput } from "./peer-rib.ts";
import { PeerRib } from "./peer-rib.ts";
import { render } from "./render.ts";
import type { RibSession } from "./renderer.ts";
import type { RouteAttributes } from "./route.ts";

const NOTHING: RibOutput = { withdrawn: [], groups: [], endOfRib: [], refreshed: [] };

/** Next hop and prefixes of each group, and what is withdrawn. */
function shown({ withdrawn, groups }: RibOutput) {
  return {
    groups: groups.map(({ nextHop, prefixes }) => `${formatAddress(nextHop)}: ${prefixes.map(formatPrefix).join(" ")}`),
    withdrawn: withdrawn.map(formatPrefix),
  };
}

function established(...routes: ReturnType<typeof route>[]): PeerRib {
  const rib = new PeerRib();
  for (const each of routes) rib.want(each);
  rib.establish(DUAL_SESSION);
  rib.take();
  return rib;
}

describe("a session comes up", () => {
  test("everything is sent, once for each set of attributes and family, and then the End-of-RIBs", () => {
    const rib = new PeerRib();
    rib.want(route("10.0.0.1/32", { med: 1 }));
    rib.want(route("10.0.0.2/32", { med: 1 }));
    rib.want(route("10.0.0.3/32", { med: 2 }));
    rib.want(route("2001:db8:1::/64", { med: 1 }));
    expect(rib.take()).toEqual(NOTHING);
    rib.establish(DUAL_SESSION);
    const output = rib.take();
    expect(shown(output).groups).toEqual([
      "192.0.2.1: 10.0.0.1/32 10.0.0.2/32",
      "192.0.2.1: 10.0.0.3/32",
      "2001:db8::1: 2001:db8:1::/64",
    ]);
    expect(output.groups.map(({ linkLocalNextHop }) => linkLocalNextHop)).toEqual([
      undefined,
      undefined,
      parseAddress("fe80::1"),
    ]);
    expect(output.endOfRib).toEqual(["IPv4", "IPv6"]);
    expect(rib.take()).toEqual(NOTHING);
  });

  test("an empty table still ends, in the families of the session only", () => {
    const rib = new PeerRib();
    rib.establish({ ...DUAL_SESSION, families: ["IPv6"] });
    expect(rib.pending).toBe(true);
    expect(rib.take()).toEqual({ ...NOTHING, endOfRib: ["IPv6"] });
    expect(rib.pending).toBe(false);
  });

  test("after it was down, everything again, and nothing of what went in between", () => {
    const rib = established(route("10.0.0.1/32"), route("10.0.0.2/32"));
    rib.lose();
    rib.unwant(parsePrefix("10.0.0.2/32")!);
    expect(rib.take()).toEqual(NOTHING);
    rib.establish(DUAL_SESSION);
    expect(shown(rib.take())).toEqual({ groups: ["192.0.2.1: 10.0.0.1/32"], withdrawn: [] });
  });
});

describe("changes", () => {
  test("a changed attribute is told of its prefix only", () => {
    const rib = established(route("10.0.0.1/32"), route("10.0.0.2/32"));
    rib.want(route("10.0.0.2/32", { communities: [1] }));
    expect(shown(rib.take())).toEqual({ groups: ["192.0.2.1: 10.0.0.2/32"], withdrawn: [] });
  });

  test("a prefix that is no longer wanted is withdrawn, once", () => {
    const rib = established(route("10.0.0.1/32"), route("2001:db8::/32"));
    rib.unwant(parsePrefix("10.0.0.1/32")!);
    rib.unwant(parsePrefix("10.0.0.1/32")!);
    rib.unwant(parsePrefix("10.0.0.9/32")!);
    expect(shown(rib.take())).toEqual({ groups: [], withdrawn: ["10.0.0.1/32"] });
    expect([...rib.routes()].map(({ prefix }) => formatPrefix(prefix))).toEqual(["2001:db8::/32"]);
    rib.unwant(parsePrefix("10.0.0.1/32")!);
    expect(rib.take()).toEqual(NOTHING);
  });

  test("what comes and goes, or goes and comes back, before it is sent, is not told", () => {
    const rib = established(route("10.0.0.1/32"));
    rib.want(route("10.0.0.2/32"));
    rib.unwant(parsePrefix("10.0.0.2/32")!);
    rib.unwant(parsePrefix("10.0.0.1/32")!);
    rib.want(route("10.0.0.1/32"));
    expect(rib.take()).toEqual(NOTHING);
  });

  test.each<[string, Partial<RibSession>, Partial<RouteAttributes>, Partial<RouteAttributes>]>([
    ["local preference, which external peers don't get", {}, { localPref: 1 }, { localPref: 2 }],
    ["prepends, which internal peers don't get", { internal: true }, { prepend: 0 }, { prepend: 2 }],
    ["the default local preference, said aloud", { internal: true }, {}, { localPref: 100 }],
  ])("what the peer can't see is not told: %s", (_, session, before, after) => {
    const rib = new PeerRib();
    rib.want(route("10.0.0.1/32", before));
    rib.establish({ ...DUAL_SESSION, ...session });
    rib.take();
    rib.want(route("10.0.0.1/32", after));
    expect(rib.take()).toEqual(NOTHING);
  });

  test("attributes that were given up and come back are equal to themselves", () => {
    const old = route("10.0.0.1/32", { med: 1 });
    const rib = established(old);
    rib.want(route("10.0.0.1/32", { med: 2 }));
    rib.take();
    rib.want(route("10.0.0.2/32", { med: 1 }));
    rib.want(old);
    expect(shown(rib.take()).groups).toEqual(["192.0.2.1: 10.0.0.2/32 10.0.0.1/32"]);
    rib.want({ ...old, attributes: { ...old.attributes } });
    expect(rib.take()).toEqual(NOTHING);
  });

  test("a new table is compared with the old one", () => {
    const rib = established(route("10.0.0.1/32"), route("10.0.0.2/32"), route("10.0.0.3/32"));
    rib.replace([route("10.0.0.3/32"), route("10.0.0.2/32", { med: 1 }), route("10.0.0.4/32")]);
    expect(shown(rib.take())).toEqual({
      groups: ["192.0.2.1: 10.0.0.2/32", "192.0.2.1: 10.0.0.4/32"],
      withdrawn: ["10.0.0.1/32"],
    });
  });
});

describe("route refresh", () => {
  test("everything of the family again, with what changed meanwhile", () => {
    const rib = established(route("10.0.0.1/32"), route("10.0.0.2/32"), route("2001:db8::/32"));
    rib.refresh("IPv4");
    rib.unwant(parsePrefix("10.0.0.2/32")!);
    rib.want(route("10.0.0.3/32"));
    const output = rib.take();
    expect(shown(output)).toEqual({ groups: ["192.0.2.1: 10.0.0.1/32 10.0.0.3/32"], withdrawn: ["10.0.0.2/32"] });
    expect(output.refreshed).toEqual(["IPv4"]);
    expect(rib.take()).toEqual(NOTHING);
  });

  test("without a session there is nobody to refresh", () => {
    const rib = new PeerRib();
    rib.refresh("IPv6");
    rib.establish(DUAL_SESSION);
    expect(rib.take().refreshed).toEqual([]);
  });
});

describe("routes that the peer can't be told of are counted by reason", () => {
  const crowd = Array.from({ length: 1000 }, (_, i) => i);

  test.each<[string, Partial<RibSession>, object]>([
    ["a family that is not in the session", { families: ["IPv4"] }, { familyNotNegotiated: 1 }],
    ["no next hop of the family", { addresses: { ...DUAL_SESSION.addresses, ofInterface: [] } }, { noNextHop: 1 }],
  ])("%s", (_, session, unsent) => {
    const rib = new PeerRib();
    rib.want(route("10.0.0.1/32"));
    rib.want(route("2001:db8::/32"));
    rib.establish({ ...DUAL_SESSION, ...session });
    expect(shown(rib.take()).groups).toEqual(["192.0.2.1: 10.0.0.1/32"]);
    expect(rib.counts()).toEqual({
      IPv4: { wanted: 1, told: 1, unsent: {} },
      IPv6: { wanted: 1, told: 0, unsent },
    });
    rib.unwant(parsePrefix("2001:db8::/32")!);
    expect(rib.take()).toEqual(NOTHING);
    expect(rib.counts().IPv6).toEqual({ wanted: 0, told: 0, unsent: {} });
  });

  test("more communities than a message has room for take the route back", () => {
    const rib = established(route("10.0.0.1/32"));
    rib.want(route("10.0.0.1/32", { communities: crowd }));
    expect(shown(rib.take())).toEqual({ groups: [], withdrawn: ["10.0.0.1/32"] });
    expect(rib.counts().IPv4).toEqual({ wanted: 1, told: 0, unsent: { tooManyCommunities: 1 } });
    rib.lose();
    expect(rib.counts().IPv4).toEqual({ wanted: 1, told: 0, unsent: {} });
  });
});

const PREFIXES = ["10.0.0.0/24", "10.0.0.0/25", "10.0.0.1/32", "10.0.0.2/32", "2001:db8::/64", "2001:db8::1/128"];

const attributes = fc.record({
  localPref: fc.constantFrom(undefined, 100, 200),
  prepend: fc.nat(1),
  communities: fc.subarray([1, 2]),
});

type Step = (rib: PeerRib, wanted: Map<string, RouteAttributes>) => void;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom(...PREFIXES), attributes).map(([prefix, some]): Step => wants(prefix, some)),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...PREFIXES).map((prefix): Step => (rib, wanted) => {
      rib.unwant(parsePrefix(prefix)!);
      wanted.delete(prefix);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom(...PREFIXES), attributes).map((table): Step => (rib, wanted) => {
      const routes = Object.entries(table).map(([prefix, some]) => route(prefix, some));
      rib.replace(routes);
      wanted.clear();
      for (const { prefix, attributes: all } of routes) wanted.set(formatPrefix(prefix), all);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("IPv4" as const, "IPv6" as const).map(
      (family): Step =>
        (rib) =>
          rib.refresh(family),
    ),
  },
);

function wants(prefix: string, some: Partial<RouteAttributes>): Step {
  const { attributes: all } = route(prefix, some);
  return (rib, wanted) => {
    rib.want({ prefix: parsePrefix(prefix)!, attributes: all });
    wanted.set(prefix, all);
  };
}

const session = fc
  .record({ internal: fc.boolean(), families: fc.subarray(["IPv4", "IPv6"] as const) })
  .map((some): RibSession => ({ ...DUAL_SESSION, ...some }));

test("in whatever batches, the peer ends with exactly what it is meant to have, and is told nothing twice", () => {
  const life = fc.record({ session, batches: fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 6 }) });
  fc.assert(
    fc.property(fc.array(life, { maxLength: 3 }), (lives) => {
      const rib = new PeerRib();
      const wanted = new Map<string, RouteAttributes>();
      for (const { session: current, batches } of lives) {
        const peer = new ModelPeer();
        rib.establish(current);
        for (const batch of batches) {
          for (const apply of batch) apply(rib, wanted);
          peer.receive(rib.take());
        }
        peer.receive(rib.take());
        expectTable(peer, wanted, current);
        const heard = peer.heard;
        for (const [prefix, all] of wanted) rib.want({ prefix: parsePrefix(prefix)!, attributes: { ...all } });
        peer.receive(rib.take());
        expect(peer.heard).toBe(heard);
        expect(peer.ended).toEqual(current.families);
        expect(rib.counts().IPv4.told + rib.counts().IPv6.told).toBe(peer.table.size);
        rib.lose();
      }
    }),
    { numRuns: 500 },
  );
});

function expectTable(peer: ModelPeer, wanted: Map<string, RouteAttributes>, current: RibSession): void {
  const sent = [...wanted].filter(([prefix]) => current.families.includes(familyOf(parsePrefix(prefix)!.address)));
  expect(new Set(peer.table.keys())).toEqual(new Set(sent.map(([prefix]) => prefix)));
  for (const [prefix, all] of sent)
    expect(peer.table.get(prefix)!.attributes).toEqual(render({ ...NO_ATTRIBUTES, ...all }, current));
}
