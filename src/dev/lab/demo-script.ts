import { createInterface } from "node:readline";
import { fieldsOf, itemsOf } from "../../config/fields.ts";
import { KINDS } from "../../config/kinds.ts";
import { type Millis, seconds } from "../../lib/duration.ts";
import { isIpv6 } from "../proxy/plan.ts";
import { AnswerTimes } from "./answer-times.ts";
import { ClientView, type Neighbour } from "./client-view.ts";
import { applicationPod, METALLB_NAMESPACE, namespaceObject } from "./cluster-objects.ts";
import type { ClusterEvent } from "./cluster.ts";
import {
  CONVERGE,
  curlPrints,
  FRONTEND_ANSWER,
  inNamespace,
  NAMESPACE,
  serviceHasAddresses,
  unexpected,
} from "./demo-steps.ts";
import { controllerReady } from "./install.ts";
import type { Lab } from "./lab.ts";
import { DUAL_STACK } from "./manifests/dual-stack.ts";
import { PORT_CONFLICT } from "./manifests/port-conflict.ts";
import { WEB_APPLICATION } from "./manifests/web-application.ts";
import type { Progress } from "./progress.ts";
import { type ServiceRow, serviceTable } from "./service-table.ts";
import { type LabNode, NODES } from "./topology.ts";

const SHARED_ADDRESS = "192.168.1.200";
const SHARING = ["webapp-http", "webapp-https", "webapp-websocket"];
const DUAL_STACK_SERVICE = "webapp-dual-stack";
const INTRUDER = "webapp-intruder";

/** How long a step of a fail-over may take on a busy machine. */
const FAILOVER = seconds(10);

/** So many answers show that an address is served. */
const SOME_ANSWERS = 5;

interface Failover {
  readonly neighbour: Neighbour;
  /** By URL. */
  readonly gaps: readonly Millis[];
}

/**
 * Shows and checks what the product does on layer 2, step by step. Throws a `StepError` at the first thing that is not so.
 * Resolves to the nodes that are left.
 */
export async function runDemoScript(lab: Lab, progress: Progress): Promise<readonly LabNode[]> {
  const script = new DemoScript(lab, progress);
  await script.deploy();
  await script.showTable();
  await script.useServices();
  await script.refuseConflict();
  const killed = await script.killOwner();
  return NODES.filter((node) => node !== killed);
}

class DemoScript {
  readonly #lab: Lab;
  readonly #progress: Progress;
  readonly #client: ClientView;

  constructor(lab: Lab, progress: Progress) {
    this.#lab = lab;
    this.#progress = progress;
    this.#client = new ClientView(lab, progress);
  }

  async deploy(): Promise<void> {
    const { cluster } = this.#lab;
    this.#progress.heading("A web application: three Services that share one address, and one with IPv4 and IPv6");
    await this.#progress.step("pods of the application run", async () => {
      await cluster.create(namespaceObject(NAMESPACE));
      for (const pod of applicationPods()) await cluster.create(pod);
    });
    await this.#progress.step("the manifests are accepted", async () => {
      await cluster.createAll(WEB_APPLICATION);
      await cluster.createAll(DUAL_STACK);
    });
    for (const name of [...SHARING, DUAL_STACK_SERVICE]) {
      const wanted = name === DUAL_STACK_SERVICE ? 2 : 1;
      await serviceHasAddresses(this.#lab, this.#progress, { name, wanted });
    }
  }

  /** API and wire must agree about who owns each address. */
  async showTable(): Promise<void> {
    const rows = await this.#progress.step(
      "one node answers for each address, and it is the one the API names",
      async () => {
        const rows: ServiceRow[] = [];
        for (const name of [...SHARING, DUAL_STACK_SERVICE]) rows.push(...(await this.#rowsOf(name)));
        return rows;
      },
    );
    this.#progress.text(`\n${serviceTable(rows)}`);
  }

  async useServices(): Promise<void> {
    this.#progress.heading("The client uses them");
    const [v4 = "", v6 = ""] = await this.#lab.cluster.addressesOf(inNamespace(DUAL_STACK_SERVICE));
    const requests = [
      { scheme: "http", address: SHARED_ADDRESS, port: 80, answer: FRONTEND_ANSWER },
      { scheme: "https", address: SHARED_ADDRESS, port: 443, answer: /^pod frontend-\d on node-\d, port 8443\/TCP$/ },
      { scheme: "https", address: SHARED_ADDRESS, port: 8443, answer: /^pod websocket-\d on node-\d, port 9443\/TCP$/ },
      { scheme: "http", address: v4, port: 80, answer: FRONTEND_ANSWER },
      { scheme: "http", address: v6, port: 80, answer: FRONTEND_ANSWER },
    ] as const;
    for (const { scheme, address, port, answer } of requests) {
      await this.#curl(this.#client.curlCommand(scheme, address, port), answer);
    }
    await this.#progress.step(
      "three requests to webapp-http reach three pods",
      () => this.#expectPods(80, "http", 3),
      join,
    );
    await this.#progress.step(
      "webapp-websocket has session affinity: six requests reach one pod",
      () => this.#expectPods(8443, "https", 1),
      join,
    );
  }

  /** A third Service wants port 80 of the shared address: it stays pending, and the event tells why. */
  async refuseConflict(): Promise<void> {
    const { cluster } = this.#lab;
    this.#progress.heading(`A Service wants port 80 of ${SHARED_ADDRESS}, too`);
    const event = await this.#progress.step(
      `${INTRUDER} is refused, and its event names the Service that has the port`,
      async () => {
        await cluster.createAll(PORT_CONFLICT);
        return this.#progress.until("a warning event", CONVERGE, () => this.#refusal());
      },
      ({ reason }) => reason,
    );
    this.#progress.text(`    ${event.reason}: ${event.message}`);
    await this.#progress.step(`${INTRUDER} has no address, and ${SHARED_ADDRESS} still serves`, async () => {
      const addresses = await cluster.addressesOf(inNamespace(INTRUDER));
      if (addresses.length > 0) throw unexpected(`${INTRUDER} has ${addresses.join(", ")}`);
      await this.#client.curl(this.#client.curlCommand("http", SHARED_ADDRESS, 80));
    });
  }

  /** The other speakers find out by themselves; the API server is told only afterwards. Resolves to the victim. */
  async killOwner(): Promise<LabNode> {
    const addresses = await this.#lab.cluster.addressesOf(inNamespace(DUAL_STACK_SERVICE));
    this.#progress.heading(`The node that owns ${addresses.join(" and ")} is killed`);
    const before = await this.#client.resolve(addresses[0]!);
    const owner = NODES.find(({ name }) => name === before.node)!;
    this.#progress.text(
      `${owner.name} loses its cable and its processes at once, and nobody is told: the other speakers miss its answers.\n` +
        "A client sends a request to each address every 20 ms.",
    );
    const urls = addresses.map((address) => `http://${isIpv6(address) ? `[${address}]` : address}/`);
    const failover = await this.#progress.step(
      `another node answers for both addresses, and the API server still has the Node ${owner.name}`,
      () => this.#killUnderRequests(owner, addresses, urls),
      ({ neighbour }) => `${before.node} ${before.mac} → ${neighbour.node} ${neighbour.mac}`,
    );
    for (const [i, url] of urls.entries()) {
      this.#progress.text(`    ${url} was not answered for ${Math.round(failover.gaps[i]!)} ms`);
    }
    await this.#progress.step(`the cluster is told, and sends nothing more to pods on ${owner.name}`, () =>
      this.#lab.deleteNode(owner),
    );
    await controllerReady(this.#lab, this.#progress);
    for (const address of addresses) {
      await this.#curl(this.#client.curlCommand("http", address, 80), FRONTEND_ANSWER);
    }
    await this.showTable();
    return owner;
  }

  /** Resolves to who answers for the addresses now, and how long nobody did. */
  async #killUnderRequests(owner: LabNode, addresses: readonly string[], urls: readonly string[]): Promise<Failover> {
    const times = new AnswerTimes();
    const client = this.#lab.startSteadyClient(urls);
    createInterface({ input: client.stdout! }).on("line", (line) => times.add(line));
    const answered = (more: readonly number[]): boolean => urls.every((url, i) => times.count(url) >= more[i]!);
    const someMore = (): readonly number[] => urls.map((url) => times.count(url) + SOME_ANSWERS);
    try {
      const first = someMore();
      await this.#progress.until("answers", FAILOVER, async () => answered(first) || undefined);
      await this.#lab.killNode(owner);
      const neighbour = await this.#progress.until("another node to answer", FAILOVER, async () => {
        const known = await Promise.all(addresses.map((address) => this.#client.neighbour(address)));
        return known.every((now) => now?.node !== undefined && now.node !== owner.name) ? known[0] : undefined;
      });
      const then = someMore();
      await this.#progress.until("answers of another node", FAILOVER, async () => answered(then) || undefined);
      await this.#lab.cluster.get(KINDS.Node, { namespace: "", name: owner.name });
      return { neighbour, gaps: urls.map((url) => times.longestGap(url)) };
    } finally {
      client.stdout!.destroy();
    }
  }

  async #rowsOf(name: string): Promise<ServiceRow[]> {
    const { cluster } = this.#lab;
    const service = await cluster.get(KINDS.Service, inNamespace(name));
    const ports = itemsOf(fieldsOf(service["spec"])["ports"], 10)
      .map(fieldsOf)
      .map(({ port, protocol }) => `${String(port)}/${String(protocol)}`)
      .join(",");
    const rows: ServiceRow[] = [];
    for (const address of await cluster.addressesOf(inNamespace(name))) {
      await this.#client.forget(address);
      const { mac, node } = await this.#client.resolve(address);
      if (node === undefined) throw unexpected(`${mac}, which is no node's, answers for ${address}`);
      const owner = await this.#progress.until(`the API to name ${node} for ${name} ${address}`, CONVERGE, async () => {
        const announcers = await cluster.announcersOf(inNamespace(name), METALLB_NAMESPACE);
        return announcers.find((announcer) => announcer === node);
      });
      rows.push({ service: name, address, ports, owner, mac });
    }
    return rows;
  }

  #curl(command: readonly string[], answer: RegExp): Promise<void> {
    return curlPrints(this.#client, this.#progress, { command, answer });
  }

  /** Sends six requests and counts the pods that answer. */
  async #expectPods(port: number, scheme: "http" | "https", wanted: number): Promise<readonly string[]> {
    const pods = new Set<string>();
    for (let n = 0; n < 6; n++) {
      const printed = await this.#client.curl(this.#client.curlCommand(scheme, SHARED_ADDRESS, port));
      pods.add(/^pod (\S+)/.exec(printed)?.[1] ?? printed);
    }
    if (pods.size !== wanted) throw unexpected(`${pods.size} answered: ${[...pods].join(", ")}`);
    return [...pods].sort();
  }

  async #refusal(): Promise<ClusterEvent | undefined> {
    const events = await this.#lab.cluster.eventsOf(inNamespace(INTRUDER));
    return events.find(({ reason, message }) => reason === "AllocationFailed" && message.includes("webapp-http"));
  }
}

function applicationPods(): ReturnType<typeof applicationPod>[] {
  const frontends = NODES.map((node, n) =>
    applicationPod(
      NAMESPACE,
      { name: `frontend-${n + 1}`, labels: { app: "webapp", tier: "frontend" }, ports: [8080, 8443] },
      node,
    ),
  );
  const websockets = NODES.slice(1).map((node, n) =>
    applicationPod(
      NAMESPACE,
      { name: `websocket-${n + 1}`, labels: { app: "webapp", tier: "websocket" }, ports: [9443] },
      node,
    ),
  );
  return [...frontends, ...websockets];
}

function join(texts: readonly string[]): string {
  return texts.join(", ");
}
