import { errorMessage } from "../../lib/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { Loopback } from "./loopback.ts";

/** Something that listens until it is closed. */
export interface Listener {
  /** Stops listening and ends what is under way. */
  close(): Promise<void>;
}

/** The addresses a node must have on `lo`, and what listens on them. */
export interface SocketPlan {
  readonly addresses: ReadonlySet<string>;
  /** By a name that says all there is to say about the listener: the same name is never opened again. */
  readonly listeners: ReadonlyMap<string, () => Promise<Listener>>;
}

/** Makes a node have what the latest plan says, and nothing else. */
export class NodeSockets {
  readonly #loopback: Loopback;
  readonly #log: Log;
  readonly #addresses = new Set<string>();
  readonly #open = new Map<string, Listener>();
  #wanted: SocketPlan | undefined;
  #applying = false;

  constructor(ports: { readonly loopback: Loopback; readonly log: Log }) {
    this.#loopback = ports.loopback;
    this.#log = ports.log;
  }

  /** Replaces the plan. Plans that come while one is applied are skipped, except the last. */
  apply(plan: SocketPlan): void {
    this.#wanted = plan;
    if (!this.#applying) void this.#run();
  }

  async #run(): Promise<void> {
    this.#applying = true;
    for (let plan = this.#take(); plan !== undefined; plan = this.#take()) await this.#become(plan);
    this.#applying = false;
  }

  #take(): SocketPlan | undefined {
    const plan = this.#wanted;
    this.#wanted = undefined;
    return plan;
  }

  /** Addresses come before what listens on them, and go after it. */
  async #become(plan: SocketPlan): Promise<void> {
    for (const [name, listener] of this.#open) {
      if (plan.listeners.has(name)) continue;
      this.#open.delete(name);
      await this.#try(`stop ${name}`, () => listener.close());
    }
    for (const address of this.#addresses) {
      if (plan.addresses.has(address)) continue;
      this.#addresses.delete(address);
      await this.#try(`remove ${address}`, () => this.#loopback.remove(address));
    }
    for (const address of plan.addresses) {
      if (this.#addresses.has(address)) continue;
      const added = await this.#try(`add ${address}`, () => this.#loopback.add(address));
      if (added) this.#addresses.add(address);
    }
    for (const [name, open] of plan.listeners) {
      if (this.#open.has(name)) continue;
      await this.#try(`serve ${name}`, async () => void this.#open.set(name, await open()));
    }
  }

  /** What fails is logged and left for the next plan: one broken Service must not stop the others. */
  async #try(what: string, action: () => Promise<void>): Promise<boolean> {
    try {
      await action();
      this.#log.info({}, what);
      return true;
    } catch (error) {
      this.#log.warn({ error: errorMessage(error) }, `could not ${what}`);
      return false;
    }
  }
}
