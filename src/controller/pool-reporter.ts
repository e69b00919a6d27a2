import type { Allocator, PoolCount } from "../allocator/allocator.ts";
import { KINDS } from "../config/kinds.ts";
import { seconds } from "../lib/duration.ts";
import type { Handled } from "../lib/work-queue.ts";
import { WorkQueue } from "../lib/work-queue.ts";
import type { Timer } from "../ports/clock.ts";
import type { KubeObject } from "../ports/kube.ts";
import type { ControllerPorts } from "./ports.ts";
import { retryTurn } from "./retry-turn.ts";
import { poolStatus, poolStatusJson, showsPoolStatus } from "./pool-status.ts";

/** Counts are shown at most this much later than they changed, so that a burst of allocations makes one write. */
const DELAY = seconds(0.5);

/** The gauges of a pool; the names are the reference's. */
const GAUGES: Readonly<Record<string, (count: PoolCount) => bigint>> = {
  metallb_allocator_addresses_total: ({ IPv4, IPv6 }) => IPv4.total + IPv6.total,
  metallb_allocator_addresses_in_use_total: ({ IPv4, IPv6 }) => BigInt(IPv4.inUse + IPv6.inUse),
  metallb_allocator_ipv4_addresses_total: ({ IPv4 }) => IPv4.total,
  metallb_allocator_ipv6_addresses_total: ({ IPv6 }) => IPv6.total,
  metallb_allocator_ipv4_addresses_in_use_total: ({ IPv4 }) => BigInt(IPv4.inUse),
  metallb_allocator_ipv6_addresses_in_use_total: ({ IPv6 }) => BigInt(IPv6.inUse),
};

/** Shows how full the pools are: in the pools' status and as metrics. */
export class PoolReporter {
  readonly #ports: ControllerPorts;
  readonly #namespace: string;
  readonly #allocator: Allocator;
  readonly #resource: (name: string) => KubeObject | undefined;
  readonly #queue: WorkQueue<string>;
  /** Pools that have gauges. */
  readonly #shown = new Set<string>();
  #timer: Timer | undefined;

  /** `resource` gives a pool's object as the watch has it. */
  constructor(
    ports: ControllerPorts,
    namespace: string,
    allocator: Allocator,
    resource: (name: string) => KubeObject | undefined,
  ) {
    this.#ports = ports;
    this.#namespace = namespace;
    this.#allocator = allocator;
    this.#resource = resource;
    const { clock, random } = ports;
    this.#queue = new WorkQueue({ clock, random, concurrency: 4, handle: (name) => this.#write(name) });
  }

  /** Counts may have changed. */
  touch(): void {
    this.#timer ??= this.#ports.clock.after(DELAY, () => {
      this.#timer = undefined;
      for (const name of this.#allocator.takeRecounted()) {
        this.#setGauges(name, this.#allocator.count(name));
        this.offer(name);
      }
    });
  }

  /** The pool's object changed. */
  offer(name: string): void {
    if (this.#wanted(name) !== undefined) this.#queue.add(name);
  }

  /** The gauges go with it: what they show is no longer looked after. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    for (const pool of this.#shown) this.#setGauges(pool, undefined);
    await this.#queue.close();
  }

  #setGauges(pool: string, count: PoolCount | undefined): void {
    if (count === undefined) this.#shown.delete(pool);
    else this.#shown.add(pool);
    for (const [name, value] of Object.entries(GAUGES)) {
      if (count === undefined) this.#ports.metrics.remove(name, { pool });
      else this.#ports.metrics.set(name, { pool }, Number(value(count)));
    }
  }

  #wanted(name: string) {
    const count = this.#allocator.count(name);
    const resource = this.#resource(name);
    if (count === undefined || resource === undefined) return undefined;
    const status = poolStatus(count);
    return showsPoolStatus(resource["status"], status) ? undefined : status;
  }

  async #write(name: string): Promise<Handled> {
    const status = this.#wanted(name);
    if (status === undefined) return "done";
    const result = await this.#ports.client.patch(
      KINDS.IPAddressPool,
      { namespace: this.#namespace, name },
      { type: "merge", body: { status: poolStatusJson(status) } },
      { subresource: "status" },
    );
    if (result.ok || result.error.code === 404) return "done";
    this.#ports.log.debug({ pool: name, error: result.error.message }, "writing the pool's status failed; retrying");
    return retryTurn(result.error);
  }
}
