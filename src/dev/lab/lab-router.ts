import { fieldsOf } from "../../config/fields.ts";
import { EnvironmentError } from "../../lib/errors.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { isIpv6 } from "../proxy/plan.ts";
import { type FrrInstance, frrInstance } from "./frr.ts";
import type { Lab } from "./lab.ts";
import type { Progress } from "./progress.ts";
import { routeShares, type Share } from "./route-shares.ts";
import { type LabNode, ROUTER, routerScript } from "./topology.ts";
import { START } from "./wait.ts";

/** AS numbers, as the manifests have them. */
const ASN = { nodes: 64_512, router: 64_513 } as const;

/**
 * The folder of the programs that a router runs; or why there can be no router, and what to do about it. `found` is what
 * `findFrr` found.
 */
export function routerPrograms(rootless: boolean, found: string | undefined): Result<string, string> {
  const wanted: string[] = [];
  if (found === undefined) {
    wanted.push("FRR, which is the router, is not installed. On Debian: apt-get install --no-install-recommends frr");
  }
  if (rootless) wanted.push("FRR needs users and groups that a user namespace lacks: run the demo as root");
  return found !== undefined && wanted.length === 0 ? ok(found) : err(wanted.join("\n"));
}

/** A router with FRR on the LAN. It knows nothing of the cluster but what the nodes tell it over BGP. */
export class LabRouter {
  readonly #lab: Lab;
  readonly #frr: FrrInstance;
  readonly #nodes: readonly LabNode[];

  private constructor(lab: Lab, frr: FrrInstance, nodes: readonly LabNode[]) {
    this.#lab = lab;
    this.#frr = frr;
    this.#nodes = nodes;
  }

  /**
   * Plugs it in, with a machine behind it, and waits until it is ready for sessions with these nodes. `programs` is the
   * folder of FRR's daemons.
   */
  static async start(
    lab: Lab,
    progress: Progress,
    { programs, nodes }: { readonly programs: string; readonly nodes: readonly LabNode[] },
  ): Promise<LabRouter> {
    const frr = frrInstance(`metallb${process.pid}`, programs, {
      asn: ASN.router,
      routerId: ROUTER.ipv4,
      peers: nodes.flatMap(({ ipv4, ipv6 }) => [
        { address: ipv4, local: ROUTER.ipv4, asn: ASN.nodes },
        { address: ipv6, local: ROUTER.ipv6, asn: ASN.nodes },
      ]),
    });
    const router = new LabRouter(lab, frr, nodes);
    // The machine's own folder is not seen in the lab any more, nor is the lab's on the machine.
    lab.build([...routerScript(nodes), "mount -t tmpfs -o mode=755 tmpfs /etc/frr", ...frr.prepare]);
    for (const { name, command, ready } of frr.daemons) {
      lab.startDaemon(name, ROUTER.name, command);
      await progress.until(`an answer of ${name}`, START, async () => fieldsOf(await router.#ask(ready)));
    }
    return router;
  }

  /** Addresses of the nodes with which it has a session. */
  async sessions(): Promise<readonly string[]> {
    const neighbors = Object.entries(fieldsOf(await this.#ask("show bgp neighbors json")));
    return neighbors
      .filter(([, neighbor]) => fieldsOf(neighbor)["bgpState"] === "Established")
      .map(([address]) => address);
  }

  /** How its kernel spreads over the nodes what is sent to an address, by the nodes' names. */
  async shares(address: string): Promise<readonly Share[]> {
    const family = isIpv6(address) ? "-6" : "-4";
    const command = ["ip", family, "-j", "route", "show", address, "proto", "bgp"];
    const { stdout } = await this.#lab.run(ROUTER.name, command);
    return routeShares(stdout, this.#nodes);
  }

  /** What FRR prints for a command. */
  async show(command: string): Promise<string> {
    const { code, stdout, stderr } = await this.#lab.run(ROUTER.name, this.#frr.vtysh(command));
    if (code === 0) return stdout;
    throw new EnvironmentError("frr", (stderr.trim() || stdout.trim()).slice(-500), { retryable: true });
  }

  /** The command line by which a person talks to it. */
  get consoleCommand(): string {
    return `${this.#lab.enterCommand(ROUTER.name)} ${this.#frr.vtysh().join(" ")}`;
  }

  async #ask(command: string): Promise<unknown> {
    return JSON.parse(await this.show(command));
  }
}
