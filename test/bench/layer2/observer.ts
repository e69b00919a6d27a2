import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Lab } from "../../../src/dev/lab/lab.ts";
import { CLIENT, SWITCH } from "../../../src/dev/lab/topology.ts";
import { until } from "../../../src/dev/lab/wait.ts";
import { seconds } from "../../../src/lib/duration.ts";
import { parseSeen, type Seen } from "./change-of-owner.ts";

const FAMILIES = ["IPv4", "IPv6"] as const;

/** Between pings, and between questions. */
const INTERVAL_MS = 10;

/** Where the client is, and the switch. */
export type ObservedLab = Pick<Lab, "run" | "spawn">;

/** Milliseconds of the probe's clock. */
export function hrtime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Keeps what the probe sees of two addresses in the lab. */
export class Observer {
  #seen: Seen[] = [];
  readonly #answerer = new Map<Seen["family"], string>();
  readonly #probe: ChildProcess;

  private constructor(probe: ChildProcess) {
    this.#probe = probe;
    createInterface({ input: probe.stdout! }).on("line", (line) => this.#see(parseSeen(line)));
  }

  /**
   * `program` is the compiled `probe.c`. `eye` is another interface for the client, a new one for each observer: without
   * addresses, so that its kernel learns nothing and says nothing there.
   */
  static async start(
    lab: ObservedLab,
    program: string,
    [v4, v6]: readonly [string, string],
    eye = "eye",
  ): Promise<Observer> {
    const commands = [
      [CLIENT.name, `ip link add ${eye} type veth peer name ${eye} netns ${SWITCH.name}`],
      [CLIENT.name, `sysctl -qw net.ipv6.conf.${eye}.disable_ipv6=1 net.ipv4.conf.${eye}.arp_ignore=8`],
      [CLIENT.name, `ip link set ${eye} up`],
      [SWITCH.name, `ip link set ${eye} master br0 up`],
    ] as const;
    for (const [namespace, command] of commands) {
      const { code, stderr } = await lab.run(namespace, command.split(" "));
      if (code !== 0) throw new Error(`${command}: ${stderr}`);
    }
    const command = ["nice", "-n", "-15", program, "eth0", eye, v4, v6, `${INTERVAL_MS}`];
    const observer = new Observer(lab.spawn(CLIENT.name, command));
    await observer.untilAnswered("any node", () => true);
    return observer;
  }

  /** Forgets what was seen before `at`. */
  forget(at: number): void {
    this.#seen = this.#seen.filter((seen) => seen.at >= at);
  }

  /** What was seen of one family from `at` on. */
  since(at: number, family: Seen["family"]): readonly Seen[] {
    return this.#seen.filter((seen) => seen.at >= at && seen.family === family);
  }

  /** Waits until one node answers for both addresses whose MAC address is `accepted`, and returns that. */
  untilAnswered(who: string, accepted: (mac: string) => boolean): Promise<string> {
    return until(`${who} to answer for both addresses`, seconds(30), () => {
      if (this.#probe.exitCode !== null) throw new Error(`the probe ended with code ${this.#probe.exitCode}`);
      const [v4, v6] = FAMILIES.map((family) => this.#answerer.get(family));
      return v4 !== undefined && v4 === v6 && accepted(v4) ? v4 : undefined;
    });
  }

  #see(seen: Seen): void {
    this.#seen.push(seen);
    if (seen.kind === "answer") this.#answerer.set(seen.family, seen.mac);
  }
}
