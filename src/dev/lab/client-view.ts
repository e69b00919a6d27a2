import { fieldsOf, itemsOf, textOf } from "../../config/fields.ts";
import { seconds } from "../../lib/duration.ts";
import { EnvironmentError } from "../../lib/errors.ts";
import { isIpv6, socketName } from "../proxy/plan.ts";
import type { Lab } from "./lab.ts";
import type { Progress } from "./progress.ts";
import { CLIENT, NODES } from "./topology.ts";

/** What the client says about an address: the MAC address that answered for it, and whose that is. */
export interface Neighbour {
  readonly mac: string;
  /** undefined when the MAC address is none of the nodes'. */
  readonly node: string | undefined;
}

/** How long a frame may take to be answered, with everything that a busy machine does in between. */
const ANSWER = seconds(10);

/** A client: it knows nothing of the cluster but addresses. */
export class ClientView {
  readonly #lab: Lab;
  readonly #progress: Progress;
  readonly #name: string;

  /** `name` is the client's network namespace; unless another is given it is the client on the LAN. */
  constructor(lab: Lab, progress: Progress, name = CLIENT.name) {
    this.#lab = lab;
    this.#progress = progress;
    this.#name = name;
  }

  /** Forgets who answered for an address, so that the next packet asks again. */
  async forget(address: string): Promise<void> {
    await this.#lab.run(this.#name, ["ip", "neigh", "flush", "to", address, "dev", "eth0"]);
  }

  /** Asks the network for an address until somebody answers. */
  resolve(address: string): Promise<Neighbour> {
    return this.#progress.until(
      `an answer to ${isIpv6(address) ? "neighbour solicitation" : "ARP"} for ${address}`,
      ANSWER,
      async () => {
        // `use` makes the kernel ask as if there was a packet to send.
        await this.#lab.run(this.#name, ["ip", "neigh", "replace", address, "dev", "eth0", "use"]);
        return this.neighbour(address);
      },
    );
  }

  /** What the client's kernel knows about an address; undefined when nobody answered. */
  async neighbour(address: string): Promise<Neighbour | undefined> {
    const { stdout } = await this.#lab.run(this.#name, ["ip", "-j", "neigh", "show", address, "dev", "eth0"]);
    const entries = itemsOf(stdout.trim() === "" ? [] : JSON.parse(stdout), 2).map(fieldsOf);
    const mac = textOf(entries[0]?.["lladdr"]);
    if (mac === undefined || itemsOf(entries[0]!["state"], 4).includes("FAILED")) return undefined;
    return { mac, node: NODES.find((node) => node.mac === mac)?.name };
  }

  /** The command line that fetches a URL of a service address. */
  curlCommand(scheme: "http" | "https", address: string, port: number): string[] {
    const usual = port === (scheme === "http" ? 80 : 443);
    const authority = usual ? socketName(address, port).replace(/:\d+$/, "") : socketName(address, port);
    return ["curl", "-sS", ...(scheme === "https" ? ["-k"] : []), "--max-time", "2", `${scheme}://${authority}/`];
  }

  /** Runs curl in the client; resolves to what it printed. Throws when it fails. */
  async curl(command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#lab.run(this.#name, command);
    if (code === 0) return stdout.trim();
    throw new EnvironmentError("curl", stderr.trim() || `curl ended with code ${code}`, { retryable: true });
  }

  /** Fetches a URL again and again, each time in a connection of its own; resolves to how often each answer came. */
  async countAnswers(url: string, times: number): Promise<ReadonlyMap<string, number>> {
    const printed = await this.curl(["curl", "-sS", "--max-time", "2", `${url}?[1-${times}]`]);
    const answers = printed.split("\n").filter((line) => line !== "");
    return new Map([...Map.groupBy(answers, (line) => line)].map(([line, all]) => [line, all.length]));
  }

  /** Fetches until there is an answer; new Services take a moment to reach every node. */
  fetch(command: readonly string[]): Promise<string> {
    return this.#progress.until(command.join(" "), ANSWER, () => this.curl(command));
  }
}
