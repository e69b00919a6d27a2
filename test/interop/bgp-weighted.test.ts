import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seconds } from "../../src/lib/duration.ts";
import { formatPrefix } from "../../src/ip/prefix.ts";
import type { AgentRoute } from "../support/bgp-agent.ts";
import { BgpLab } from "../support/bgp-lab.ts";
import { BgpSpeaker } from "../support/bgp-speaker.ts";
import { TestNetwork } from "../support/netns.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { startFrr } from "../support/routers/frr.ts";
import type { Router } from "../support/routers/router.ts";
import { eventually } from "../support/routers/router-lab.ts";

const NODES = ["node-1", "node-2"] as const;
const ASN = 64_512;
const ROUTER_ASN = 64_500;
const ADDRESSES = ["10.77.0.1", "fd77::1"];

const requirement = requireOrSkip(["root", "netns", "addon", "bin:zebra", "bin:bgpd", "bin:vtysh"]);

interface KernelRoute {
  readonly nexthops?: readonly { readonly dev: string; readonly weight: number }[];
}

/** A node: what it plans from objects, and the real sessions that carry it. */
class Node {
  readonly #lab: BgpLab;
  readonly #speaker: BgpSpeaker;

  private constructor(name: string, speaker: BgpSpeaker) {
    this.#speaker = speaker;
    this.#lab = new BgpLab(name)
      .pool("pool", "10.77.0.0/24", "fd77::/120")
      .advertisement("bgp", { weightByEndpoints: true })
      .peer("router", { dualStackAddressFamily: true });
  }

  static async start(network: TestNetwork, namespace: string, index: number): Promise<Node> {
    const speaker = await BgpSpeaker.start(network, namespace);
    speaker.putPeers({ name: "router", remote: `10.9.${index}.1`, asn: ASN, remoteAsn: ROUTER_ASN });
    return new Node(NODES[index]!, speaker);
  }

  announce(on: readonly string[]): void {
    this.#lab.advance(seconds(60)).service("web", ADDRESSES, { policy: "Local", on }).settle();
    const { set } = this.#lab.last.routes.get("router")!;
    const routes = set.map(({ prefix, attributes }): AgentRoute => ({
      prefix: formatPrefix(prefix),
      ...(attributes.linkBandwidth === undefined ? {} : { linkBandwidth: attributes.linkBandwidth }),
    }));
    this.#speaker.setRoutes("router", routes);
  }

  kill(): Promise<void> {
    return this.#speaker.kill();
  }
}

describe.skipIf(requirement.skip)("FRR spreads traffic over nodes as their endpoints are spread", () => {
  const network = new TestNetwork();
  const nodes: Node[] = [];
  let routerSpace: string;
  let router: Router | undefined;

  beforeAll(async () => {
    routerSpace = network.namespace("router");
    const spaces = NODES.map((name) => network.namespace(name));
    for (const [i, space] of spaces.entries()) {
      network.cable([routerSpace, `to-${i}`], [space, "veth0"]);
      network.address(routerSpace, `to-${i}`, `10.9.${i}.1/24`);
      network.address(routerSpace, `to-${i}`, `fd09:${i}::1/64`);
      network.address(space, "veth0", `10.9.${i}.2/24`);
      network.address(space, "veth0", `fd09:${i}::2/64`);
    }
    const peers = NODES.map((_, i) => ({ address: `10.9.${i}.2`, local: `10.9.${i}.1`, asn: ASN }));
    router = await startFrr({ namespace: routerSpace, asn: ROUTER_ASN, routerId: "10.9.0.1", peers });
    for (const [i, space] of spaces.entries()) nodes.push(await Node.start(network, space, i));
  });

  afterAll(async () => {
    for (const node of nodes) await node.kill();
    await router?.stop();
    network.close();
  });

  /** What share of the traffic to an address the router's kernel sends each way, in percent. */
  function shares(address: string): readonly number[] {
    const family = address.includes(":") ? "-6" : "-4";
    const text = network.ip(routerSpace, family, "-j", "route", "show", address);
    const [route] = JSON.parse(text) as KernelRoute[];
    const hops = [...(route?.nexthops ?? [])].sort((a, b) => (a.dev < b.dev ? -1 : 1));
    const total = hops.reduce((sum, { weight }) => sum + weight, 0);
    return hops.map(({ weight }) => Math.round((100 * weight) / total));
  }

  test.each([
    ["three endpoints and one", ["node-1", "node-1", "node-1", "node-2"], [75, 25]],
    ["one moves", ["node-1", "node-1", "node-2", "node-2"], [50, 50]],
    ["four more here", ["node-1", "node-2", "node-2", "node-2", "node-2"], [20, 80]],
  ])("%s", async (_, on, want) => {
    for (const node of nodes) node.announce(on);
    await eventually(15_000, async () => {
      await Promise.resolve();
      expect(ADDRESSES.map(shares)).toEqual([want, want]);
    });
  });
});
