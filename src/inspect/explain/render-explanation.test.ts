import { describe, expect, test } from "vitest";
import { ok } from "../../lib/result.ts";
import { layer2View } from "../../../test/support/layer2-view.ts";
import { snapshotOf, type SnapshotSpec } from "../../../test/support/cluster-snapshot.ts";
import { configObject } from "../../../test/support/config-objects.ts";
import type { BgpView } from "../bgp/bgp-view.ts";
import type { Layer2View } from "../cluster/layer2-view.ts";
import { NO_PAINT } from "../render/paint.ts";
import { explainService } from "./explain-service.ts";
import { renderExplanation } from "./render-explanation.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const KEY = "metallb.io/allow-shared-ip";

const FAILED = {
  type: "Warning",
  reason: "AllocationFailed",
  message: 'Failed to allocate IP for "default/web"',
  count: 3,
  lastSeen: "2026-06-01T11:59:00Z",
  source: "metallb-controller",
};

/** Of the Service that stands last, on a page of 80 columns. */
function page(spec: SnapshotSpec, width = 80, view?: Layer2View, bgp?: BgpView): string {
  const snapshot = snapshotOf(spec);
  const around = {
    events: ok([FAILED]),
    reported: ok([{ name: "speaker-n1", result: "Invalid", errorSummary: "configuration error: x" }]),
    leadership: ok({ holder: "controller-7d4", renewed: "2026-06-01T11:59:58Z", seconds: 15 }),
    layer2: { view, notes: [] },
    bgp: { view: bgp, notes: [] },
  };
  const settings = { loadBalancerClass: "", ignoreExcludeLabel: false, now: NOW };
  const explanation = explainService(snapshot.services.at(-1)!, snapshot, around, settings);
  return renderExplanation(explanation, { paint: NO_PAINT, width });
}

describe("on a terminal of 80 columns", () => {
  test("a Service without an address", () => {
    const annotations = { "metallb.io/loadBalancerIPs": "192.168.10.1", [KEY]: "front" };
    const spec = {
      services: [
        { name: "first", annotations, shows: ["192.168.10.1"], pool: "gold" },
        { name: "web", annotations },
      ],
      pools: { gold: ["192.168.10.0/30", "fd00::/64"], silver: { addresses: ["10.0.0.0/8"], autoAssign: false } },
    };
    expect(page(spec)).toMatchInlineSnapshot(`
      "default/web has no address: port conflict on 192.168.10.1: TCP/80 is in use by
      default/first.
      To mend it: use another port or another address.  (reason port-conflict)

      Asked for
        WHAT         VALUE              FROM
        addresses    192.168.10.1       annotation metallb.io/loadBalancerIPs
        sharing key  front              annotation metallb.io/allow-shared-ip
        families     IPv4, SingleStack  spec.ipFamilies, spec.ipFamilyPolicy
        ports        TCP/80             spec.ports

      Pools, in the order they are looked at
        POOL    IN USE             RESULT         WHY
        gold    1/4 v4, 0/2^64 v6  port-conflict  port conflict on 192.168.10.1:
                                                  TCP/80 is in use by default/first;
                                                  use another port or another address
        silver  0/16777216 v4      not-requested  the Service requests something else;
                                                  request this pool, or an address of
                                                  it

      Configuration
        speaker-n1 reports Invalid: configuration error: x

      Status
        shows no address
        differs: condition metallb.io/Allocated is absent, it would be False
        (PortConflict: port conflict on 192.168.10.1: TCP/80 is in use by
        default/first; use another port or another address)
        controller-7d4 leads and may be about to write; if this stays, look into its
        log

      Events, latest last
        LAST SEEN             TYPE     REASON            MESSAGE
        2026-06-01T11:59:00Z  Warning  AllocationFailed  Failed to allocate IP for
                                                         "default/web" (3 times)
      "
    `);
  });

  test("a Service that shares its address", () => {
    const shared = { annotations: { [KEY]: "front" }, families: ["IPv6"] as const, shows: ["fd00::"], pool: "gold" };
    const spec = {
      services: [
        { name: "shop/dns", ...shared, ports: ["UDP/53"] },
        { name: "web", ...shared },
      ],
      pools: { gold: ["fd00::/120"] },
    };
    expect(page(spec)).toMatchInlineSnapshot(`
      "default/web has fd00:: from pool gold, shared with 1 other Service.

      Asked for
        WHAT         VALUE              FROM
        sharing key  front              annotation metallb.io/allow-shared-ip
        families     IPv6, SingleStack  spec.ipFamilies, spec.ipFamilyPolicy
        ports        TCP/80             spec.ports

      Shared with
        ADDRESS  SERVICE   KEY    PORTS
        fd00::   shop/dns  front  UDP/53

      Pools, in the order they are looked at
        POOL  IN USE    RESULT  WHY
        gold  1/256 v6  used    the Service's addresses are from here

      Configuration
        speaker-n1 reports Invalid: configuration error: x

      Status
        shows fd00:: from pool gold
        this is what the controller would decide now

      Events, latest last
        LAST SEEN             TYPE     REASON            MESSAGE
        2026-06-01T11:59:00Z  Warning  AllocationFailed  Failed to allocate IP for
                                                         "default/web" (3 times)
      "
    `);
  });

  test("a Service that loses its address", () => {
    const spec = {
      services: [{ name: "web", shows: ["10.7.7.7"], pool: "gone" }],
      pools: { gold: ["192.168.10.0/30"] },
    };
    expect(page(spec)).toMatchInlineSnapshot(`
      "default/web should have 192.168.10.0 from pool gold; its status shows 10.7.7.7.

      Asked for
        WHAT      VALUE              FROM
        families  IPv4, SingleStack  spec.ipFamilies, spec.ipFamilyPolicy
        ports     TCP/80             spec.ports

      Can't be kept
        ADDRESS   WHY
        10.7.7.7  10.7.7.7 is in no IPAddressPool

      Pools, in the order they are looked at
        POOL  IN USE  RESULT  WHY
        gold  1/4 v4  used    the Service's addresses are from here

      Configuration
        speaker-n1 reports Invalid: configuration error: x

      Status
        shows 10.7.7.7 from pool gone
        differs: the status shows 10.7.7.7, the decision is 192.168.10.0
        differs: annotation metallb.io/ip-allocated-from-pool is "gone", it would be
        "gold"
        differs: condition metallb.io/Allocated is absent, it would be True
        (Allocated: 192.168.10.0 from pool gold)
        controller-7d4 leads and may be about to write; if this stays, look into its
        log

      Events, latest last
        LAST SEEN             TYPE     REASON            MESSAGE
        2026-06-01T11:59:00Z  Warning  AllocationFailed  Failed to allocate IP for
                                                         "default/web" (3 times)
      "
    `);
  });

  test("a Service that is not served", () => {
    const spec = { services: [{ name: "web", spec: { type: "NodePort" } }], pools: { gold: ["10.0.0.0/24"] } };
    expect(page(spec)).toMatchInlineSnapshot(`
      "default/web is left alone: its type is NodePort, and only LoadBalancer Services
      get addresses.
      To mend it: set spec.type to LoadBalancer.

      Asked for
        WHAT      VALUE              FROM
        families  IPv4, SingleStack  spec.ipFamilies, spec.ipFamilyPolicy
        ports     TCP/80             spec.ports

      Configuration
        speaker-n1 reports Invalid: configuration error: x

      Status
        shows no address

      Events, latest last
        LAST SEEN             TYPE     REASON            MESSAGE
        2026-06-01T11:59:00Z  Warning  AllocationFailed  Failed to allocate IP for
                                                         "default/web" (3 times)
      "
    `);
  });
});

test("who announces it on layer 2, and who should", () => {
  const spec = { services: [{ name: "web", shows: ["10.0.0.6"], pool: "gold" }], pools: { gold: ["10.0.0.0/24"] } };
  const view = layer2View({
    nodes: { a: { labels: { rack: "1" } }, b: {}, c: { speaker: false }, d: { networkUnavailable: true } },
    advertisements: { l2: { preferredNodeSelectors: [{ weight: 20, preference: { matchLabels: { rack: "1" } } }] } },
    endpoints: { "default/web": ["a"] },
    statuses: { "default/web": { b: ["eth0", "eth1"] } },
  });
  const text = page(spec, 80, view);
  const section = text.slice(text.indexOf("\nLayer 2\n"), text.indexOf("\nEvents"));
  expect(text.split("\n").slice(0, 2).join("\n") + section).toMatchInlineSnapshot(`
    "default/web has 10.0.0.6 from pool gold.
    On layer 2: b announces it; a should.
    Layer 2
      b announces it on eth0, eth1
      differs: a should announce it and doesn't say that it does
      - there is no ConfigurationState speaker-a: the speaker there may never have
      run
      - who is alive is not in the API: the others may take a for dead; its
      speaker's log and readiness tell
      differs: b says that it announces it
      - the speaker on b may take a for dead
      - the speaker on b may be about to give it up, or has not heard of the last
      change
      taken to be alive: speakers whose Pods are ready
      NODE  PREFERENCE  SPEAKER    RESULT                  WHY
      a     20          ready      owner                   should announce it on all
                                                           interfaces
      b                 ready      notOwner                could take over on all
                                                           interfaces
      c                 not-ready  nodeNotAlive            no speaker Pod on it is
                                                           ready; see why, with
                                                           kubectl describe
      d                 ready      nodeNetworkUnavailable  its condition
                                                           NetworkUnavailable is
                                                           True; see why its network
                                                           is not set up
    "
  `);
});

test("why nobody may announce it on layer 2", () => {
  const spec = {
    services: [{ name: "web", families: ["IPv6"] as const, shows: ["fd00::6"], pool: "gold" }],
    pools: { gold: ["fd00::/120"] },
  };
  const view = layer2View({ nodes: { a: {} }, advertisements: {}, endpoints: { "default/web": ["a"] } });
  const text = page(spec, 80, view);
  const section = text.slice(text.indexOf("\nLayer 2\n"), text.indexOf("\nEvents"));
  expect(text.split("\n").slice(0, 2).join("\n") + section).toMatchInlineSnapshot(`
    "default/web has fd00::6 from pool gold.
    On layer 2: nobody announces it: no L2Advertisement is for pool gold.
    Layer 2
      no L2Advertisement is for pool gold; add one, if it is for layer 2  (reason
      noMatchingAdvertisement)
    "
  `);
});

test("no line is longer than the terminal is wide", () => {
  const annotations = { "metallb.io/loadBalancerIPs": "192.168.10.1", [KEY]: "front" };
  const pools = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`pool-${i}`, [`10.${i}.0.0/16`]]));
  const text = page({ services: [{ name: "web", annotations, shows: ["10.1.0.0"] }], pools }, 100);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  expect(text).toContain("and 20 more");
});

test("what a Service's owner wrote can't command the terminal", () => {
  const annotations = { "metallb.io/address-pool": "\u001b[2J\u202egold" };
  const text = page({ services: [{ name: "web", annotations }], pools: { gold: ["10.0.0.0/24"] } });
  for (const obeyed of ["\u001b", "\u202e"]) expect(text).not.toContain(obeyed);
  expect(text).toContain("\\u001b[2J\\u202egold");
});

test("who announces it with BGP comes after layer 2", () => {
  const spec = {
    services: [{ name: "web", shows: ["10.0.0.1"], pool: "gold", spec: { externalTrafficPolicy: "Local" } }],
    pools: { gold: ["10.0.0.0/24"] },
  };
  const view = layer2View({ nodes: { a: {}, b: {} }, endpoints: { "default/web": ["a"] }, advertisements: {} });
  const bgp = {
    advertisements: [configObject("bgp", {})],
    peers: [configObject("router", { myASN: 1, peerASN: 2, peerAddress: "192.0.2.1" })],
    bfdProfiles: [],
    communities: [],
    statuses: undefined,
  };
  const text = page(spec, 80, view, bgp);
  expect(text).toContain("With BGP: a should announce it to router.\n");
  const section = text.slice(text.indexOf("\nBGP\n"), text.indexOf("\nEvents"));
  expect(section).toMatchInlineSnapshot(`
    "
    BGP
      10.0.0.1/32 by bgp
      NODE  PEERS   RESULT            WHY
      a     router  announces         should announce it
      b             noLocalEndpoints  none of its endpoints there is ready, and
                                      externalTrafficPolicy is Local; run a Pod of
                                      the Service there, or set
                                      externalTrafficPolicy to Cluster
    "
  `);
});
