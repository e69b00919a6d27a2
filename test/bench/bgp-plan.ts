import { PeerRib } from "../../src/bgp/rib/peer-rib.ts";
import { parseBgp } from "../../src/config/parse-bgp.ts";
import { parsePools } from "../../src/config/parse-pools.ts";
import { projectService } from "../../src/config/service.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { BgpState } from "../../src/speaker/bgp/bgp-state.ts";
import { updateRib } from "../../src/speaker/bgp/update-rib.ts";
import { SpeakerObjects } from "../../src/speaker/speaker-objects.ts";
import { DUAL_SESSION } from "../support/bgp-routes.ts";
import { configObject } from "../support/config-objects.ts";

export interface BgpPlanBench {
  readonly services: number;
  readonly peers: number;
  /** All Services planned for the first time, and again after a change of configuration; medians, milliseconds. */
  readonly firstPlanMs: number;
  readonly replanAllMs: number;
  /** The endpoints of one Service come or go, until the change for each peer is in hand; microseconds. */
  readonly oneChange: { readonly p50Us: number; readonly p99Us: number };
}

const SERVICES = 10_000;
const PEERS = 4;
const RUNS = 7;
const CHANGES = 10_000;
const OPTIONS = { node: "node-1", loadBalancerClass: "", ignoreExcludeLabel: false, weightInterval: seconds(5) };

/** What planning costs, from objects to what each peer is to be sent. */
export function benchBgpPlan(): BgpPlanBench {
  const first: number[] = [];
  const again: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const world = new World();
    first.push(timed(() => world.replan()));
    world.configure(["65000:2"]);
    again.push(timed(() => world.replan()));
  }
  const world = new World();
  world.replan();
  const changes = Array.from({ length: CHANGES }, (_, i) => {
    const service = (i * 40_503) % SERVICES;
    return timed(() => {
      world.endpoints(service, Math.floor(i / SERVICES) % 2 === 1);
      if (world.replan() !== PEERS) throw new Error("not one route for each peer");
    });
  });
  return {
    services: SERVICES,
    peers: PEERS,
    firstPlanMs: quantile(first, 0.5),
    replanAllMs: quantile(again, 0.5),
    oneChange: { p50Us: Math.round(quantile(changes, 0.5) * 1000), p99Us: Math.round(quantile(changes, 0.99) * 1000) },
  };
}

class World {
  readonly #objects = new SpeakerObjects(OPTIONS);
  readonly #state = new BgpState(OPTIONS, this.#objects);
  readonly #ribs = new Map<string, PeerRib>();

  constructor() {
    for (let i = 0; i < PEERS; i++) {
      const rib = new PeerRib();
      rib.establish(DUAL_SESSION);
      this.#ribs.set(`router-${i}`, rib);
    }
    this.configure(["65000:1"]);
    for (let i = 0; i < SERVICES; i++) {
      const metadata = { namespace: "bench", name: `s${i}` };
      const ip = i % 2 === 0 ? `10.0.${i >> 8}.${i & 255}` : `fd00::${i.toString(16)}`;
      const spec = { type: "LoadBalancer", externalTrafficPolicy: "Local" };
      const status = { loadBalancer: { ingress: [{ ip }] } };
      this.#objects.setService(`bench/s${i}`, projectService({ metadata, spec, status }));
      this.endpoints(i, true);
    }
  }

  configure(communities: readonly string[]): void {
    const ipAddressPools = [configObject("pool", { addresses: ["10.0.0.0/16", "fd00::/112"] })];
    const { pools } = parsePools(ipAddressPools, []);
    const bgpPeers = [...this.#ribs.keys()].map((name, i) =>
      configObject(name, { myASN: 64_512, peerASN: 64_500, peerAddress: `192.0.2.${i + 1}` }),
    );
    const bgpAdvertisements = [configObject("bgp", { communities })];
    const objects = { ipAddressPools, bgpPeers, bgpAdvertisements, bfdProfiles: [], communities: [] };
    const { config, issues } = parseBgp(objects, pools);
    if (issues.length > 0) throw new Error(JSON.stringify(issues));
    this.#state.setConfig({ pools, ...config });
  }

  endpoints(service: number, here: boolean): void {
    const nodes = [here ? "node-1" : "node-2"];
    const slice = { service: `bench/s${service}`, usable: true, nodes, ready: [1], family: "IPv4" } as const;
    this.#objects.setSlice(`bench/s${service}-1`, slice);
  }

  /** Returns how many prefixes the peers are told of. */
  replan(): number {
    let told = 0;
    for (const [peer, routes] of this.#state.replan(millis(0)).routes) {
      const rib = this.#ribs.get(peer)!;
      updateRib(rib, routes);
      const { groups, withdrawn } = rib.take();
      told += groups.reduce((sum, { prefixes }) => sum + prefixes.length, withdrawn.length);
    }
    return told;
  }
}

function timed(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function quantile(values: readonly number[], q: number): number {
  const value = [...values].sort((a, b) => a - b)[Math.floor(values.length * q)]!;
  return Math.round(value * 10_000) / 10_000;
}
