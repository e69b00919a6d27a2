import type { Clock } from "../../ports/clock.ts";
import { seconds } from "../../lib/duration.ts";
import type { Backend } from "./plan.ts";

/** More clients than this are not remembered: the oldest loses its endpoint. */
const MOST_CLIENTS = 10_000;

/** Chooses the endpoint for a client: round robin, or the client's own as long as its affinity lasts. */
export class Balancer {
  readonly #clock: Clock;
  readonly #clients = new Map<string, { readonly backend: Backend; readonly until: number }>();
  #backends: readonly Backend[] = [];
  #affinity = 0;
  #next = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `affinity` in seconds; 0 is none. */
  update(backends: readonly Backend[], affinity: number): void {
    this.#backends = backends;
    this.#affinity = affinity;
  }

  /** Undefined when there is no endpoint. */
  pick(client: string): Backend | undefined {
    const backend = this.#remembered(client) ?? this.#backends[this.#next++ % this.#backends.length];
    if (this.#affinity > 0 && backend !== undefined) this.#remember(client, backend);
    return backend;
  }

  #remembered(client: string): Backend | undefined {
    const known = this.#clients.get(client);
    if (known === undefined || this.#affinity === 0 || known.until <= this.#clock.now()) return undefined;
    return this.#backends.find(({ address, port }) => address === known.backend.address && port === known.backend.port);
  }

  #remember(client: string, backend: Backend): void {
    this.#clients.delete(client);
    this.#clients.set(client, { backend, until: this.#clock.now() + seconds(this.#affinity) });
    if (this.#clients.size > MOST_CLIENTS) this.#clients.delete(this.#clients.keys().next().value!);
  }
}
