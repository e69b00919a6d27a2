import { ClientView } from "./client-view.ts";
import { applicationPod } from "./cluster-objects.ts";
import {
  CONVERGE,
  curlPrints,
  FRONTEND_ANSWER,
  inNamespace,
  NAMESPACE,
  serviceHasAddresses,
  unexpected,
} from "./demo-steps.ts";
import { findFrr } from "./frr.ts";
import type { Lab } from "./lab.ts";
import { LabRouter, routerPrograms } from "./lab-router.ts";
import { BGP_ROUTER, ROUTED_SERVICE } from "./manifests/bgp.ts";
import type { Progress } from "./progress.ts";
import type { Share } from "./route-shares.ts";
import { type LabNode, REMOTE, ROUTER } from "./topology.ts";

const SAME_SERVICES = ["webapp-http", "webapp-dual-stack"];
const WEIGHTED_SERVICE = "webapp-weighted";
const WEIGHTED_ANSWER = /^pod weighted-\d on (node-\d), port 8080\/TCP$/;

/** Pods of the weighted Service, on the first node and on the second. */
const SPREAD = [3, 1] as const;

/** The kernel draws a way for each connection: of so many, three quarters stay within the bounds but once in 10⁶ runs. */
const REQUESTS = 200;
const SHARE_OF_FIRST = { least: 0.6, most: 0.9 } as const;

/**
 * Shows and checks how the same Services are announced to a router with BGP. Throws a `StepError` at the first thing that is
 * not so. Resolves to the router; to undefined when there can be none, which it says.
 */
export async function runBgpScript(
  lab: Lab,
  progress: Progress,
  nodes: readonly LabNode[],
): Promise<LabRouter | undefined> {
  const programs = routerPrograms(lab.rootless, findFrr(process.env["PATH"] ?? ""));
  if (!programs.ok) {
    progress.heading("The second half, the same Services over BGP, is left out");
    progress.text(programs.error);
    return undefined;
  }
  progress.heading("The same Services over BGP: a router on the LAN, and a client behind it");
  const router = await progress.step(
    "a router with FRR and a client behind it are plugged in",
    () => LabRouter.start(lab, progress, { programs: programs.value, nodes }),
    () => `${ROUTER.ipv4}, ${ROUTER.ipv6}`,
  );
  const script = new BgpScript(lab, progress, { router, nodes });
  const addresses = await script.deploy();
  await script.announce(addresses);
  await script.use(addresses);
  return router;
}

interface Addresses {
  /** Any node may take their traffic. */
  readonly same: readonly string[];
  /** Nodes take as much of their traffic as they have pods. */
  readonly weighted: readonly string[];
}

class BgpScript {
  readonly #lab: Lab;
  readonly #progress: Progress;
  readonly #router: LabRouter;
  readonly #nodes: readonly LabNode[];
  readonly #client: ClientView;

  constructor(
    lab: Lab,
    progress: Progress,
    { router, nodes }: { readonly router: LabRouter; readonly nodes: readonly LabNode[] },
  ) {
    this.#lab = lab;
    this.#progress = progress;
    this.#router = router;
    this.#nodes = nodes;
    this.#client = new ClientView(lab, progress, REMOTE.name);
  }

  /** A Service more, of which the nodes have different numbers of pods. */
  async deploy(): Promise<Addresses> {
    const { cluster } = this.#lab;
    const pods = weightedPods(this.#nodes);
    await this.#progress.step(
      "pods that are spread unevenly run",
      async () => {
        for (const pod of pods) await cluster.create(pod.object);
        for (const { name } of pods) {
          await this.#progress.until(`pod ${name}`, CONVERGE, () => cluster.isReady(inNamespace(name)));
        }
      },
      () => SPREAD.map((count, i) => `${count} on ${this.#nodes[i]!.name}`).join(", "),
    );
    await this.#progress.step("a Service that keeps traffic on the node is accepted", () =>
      cluster.createAll(ROUTED_SERVICE),
    );
    const name = WEIGHTED_SERVICE;
    const weighted = await serviceHasAddresses(this.#lab, this.#progress, { name, wanted: 2 });
    const same = await Promise.all(SAME_SERVICES.map((service) => cluster.addressesOf(inNamespace(service))));
    return { same: same.flat(), weighted };
  }

  async announce({ same, weighted }: Addresses): Promise<void> {
    await this.#progress.step("BGPPeers and a BGPAdvertisement are accepted", () =>
      this.#lab.cluster.createAll(BGP_ROUTER),
    );
    const wanted = this.#nodes.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]);
    await this.#progress.step(
      "each node has a session with the router over IPv4, and one over IPv6",
      () =>
        this.#progress.until("the sessions", CONVERGE, async () => {
          const sessions = await this.#router.sessions();
          return wanted.every((address) => sessions.includes(address)) ? sessions : undefined;
        }),
      (sessions) => sessions.join(", "),
    );
    const names = this.#nodes.map(({ name }) => name);
    await this.#spreads("the router spreads evenly what is for these Services", same, evenly(names));
    await this.#spreads(`and what is for ${WEIGHTED_SERVICE} by the nodes' pods`, weighted, byPods(names));
    const shown = [
      "show bgp ipv4 unicast",
      "show bgp ipv6 unicast",
      ...weighted.map((address) => (address.includes(":") ? `show ipv6 route ${address}` : `show ip route ${address}`)),
    ];
    for (const command of shown) {
      this.#progress.command(`vtysh -c '${command}'`, await this.#router.show(command));
    }
  }

  /** From behind the router. The weighted Service's addresses are in no network: without BGP nobody knows the way. */
  async use({ same, weighted }: Addresses): Promise<void> {
    this.#progress.heading("The client behind the router uses them");
    const expectations = [
      ...same.map((address) => ({ address, answer: FRONTEND_ANSWER })),
      ...weighted.map((address) => ({ address, answer: WEIGHTED_ANSWER })),
    ];
    for (const { address, answer } of expectations) {
      const command = this.#client.curlCommand("http", address, 80);
      await curlPrints(this.#client, this.#progress, { command, answer });
    }
    for (const address of weighted) {
      await this.#progress.step(
        `${REQUESTS} requests to ${address} are spread as the pods are`,
        () => this.#countByNode(address),
        (counts) => counts.map(({ node, count }) => `${node} ${count}`).join(", "),
      );
    }
  }

  #spreads(title: string, addresses: readonly string[], wanted: readonly Share[]): Promise<unknown> {
    return this.#progress.step(
      title,
      () =>
        this.#progress.until("the routes", CONVERGE, async () => {
          for (const address of addresses) {
            const shares = sharesText(await this.#router.shares(address));
            if (shares !== sharesText(wanted)) throw unexpected(`${address} goes to: ${shares || "nobody"}`);
          }
          return true;
        }),
      () => `${addresses.join(", ")}: ${sharesText(wanted)}`,
    );
  }

  /** Resolves to how many requests each node took; throws when the first has not its share of them. */
  async #countByNode(address: string): Promise<readonly { readonly node: string; readonly count: number }[]> {
    const url = this.#client.curlCommand("http", address, 80).at(-1)!;
    const counts = new Map(this.#nodes.map(({ name }) => [name, 0]));
    for (const [answer, count] of await this.#client.countAnswers(url, REQUESTS)) {
      const node = WEIGHTED_ANSWER.exec(answer)?.[1];
      if (node === undefined) throw unexpected(`something else answered: ${answer}`);
      counts.set(node, (counts.get(node) ?? 0) + count);
    }
    const byNode = [...counts].map(([node, count]) => ({ node, count }));
    const share = byNode[0]!.count / REQUESTS;
    if (share < SHARE_OF_FIRST.least || share > SHARE_OF_FIRST.most) {
      throw unexpected(byNode.map(({ node, count }) => `${node} took ${count}`).join(", "));
    }
    return byNode;
  }
}

function weightedPods(
  nodes: readonly LabNode[],
): { readonly name: string; readonly object: ReturnType<typeof applicationPod> }[] {
  const places = SPREAD.flatMap((count, i) => Array.from({ length: count }, () => nodes[i]!));
  return places.map((node, n) => {
    const name = `weighted-${n + 1}`;
    const labels = { app: "webapp", tier: "weighted" };
    return { name, object: applicationPod(NAMESPACE, { name, labels, ports: [8080] }, node) };
  });
}

function evenly(nodes: readonly string[]): readonly Share[] {
  return nodes.map((node) => ({ node, percent: Math.round(100 / nodes.length) }));
}

function byPods(nodes: readonly string[]): readonly Share[] {
  const pods = SPREAD.reduce((sum: number, count) => sum + count, 0);
  return SPREAD.map((count, i) => ({ node: nodes[i]!, percent: Math.round((100 * count) / pods) }));
}

function sharesText(shares: readonly Share[]): string {
  return shares.map(({ node, percent }) => `${node} ${percent} %`).join(", ");
}
