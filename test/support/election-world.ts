import { createElector, type ElectorDeps } from "../../src/k8s/lease-elector.ts";
import { LEASE, projectLease } from "../../src/k8s/lease-record.ts";
import { millis, type Millis } from "../../src/lib/duration.ts";
import { err } from "../../src/lib/result.ts";
import type { Clock, Timer } from "../../src/ports/clock.ts";
import type { KubeClient, KubeResult, KubeWatcher, RequestLimits } from "../../src/ports/kube.ts";
import type { Candidate, Elector } from "../../src/ports/leadership.ts";
import { ManualClock } from "./manual-clock.ts";
import { kubeError, RecordingKube } from "./recording-kube.ts";
import { RecordingLog } from "./recording-log.ts";

const STEP = 25;
export const LEASE_NAME = { namespace: "metallb-system", name: "metallb-controller" };

/** What happens to the requests of one replica. Delays in milliseconds. */
export interface Network {
  /** Requests don't arrive. */
  cut: boolean;
  /** Requests arrive and are served; their answers don't come back. */
  deaf: boolean;
  toServer: number;
  fromServer: number;
  watchDelay: number;
}

/** The clock of a process that can be stopped, on a machine whose clocks are not exact. */
class ReplicaClock implements Clock {
  readonly #world: ManualClock;
  readonly #rate: number;
  #wallOffset = 0;
  #stopped = false;
  readonly #late: (() => void)[] = [];

  constructor(world: ManualClock, rate: number) {
    this.#world = world;
    this.#rate = rate;
  }

  now(): Millis {
    return millis(this.#world.now() * this.#rate);
  }

  wallTime(): number {
    return this.#world.wallTime() + this.#wallOffset;
  }

  after(after: Millis, fire: () => void): Timer {
    let cancelled = false;
    const timer = this.#world.after(millis(Math.ceil(after / this.#rate)), () =>
      this.whenRunning(() => cancelled || fire()),
    );
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  jump(by: number): void {
    this.#wallOffset += by;
  }

  stop(): void {
    this.#stopped = true;
  }

  continue(): void {
    this.#stopped = false;
    for (const act of this.#late.splice(0)) act();
  }

  /** Now, or when the process continues. */
  whenRunning(act: () => void): void {
    if (this.#stopped) this.#late.push(act);
    else act();
  }
}

export class ElectionReplica {
  readonly clock: ReplicaClock;
  readonly network: Network = { cut: false, deaf: false, toServer: 1, fromServer: 1, watchDelay: 2 };
  readonly log = new RecordingLog();
  /** `lead orderly`, `lead unclean`, `step down`; and when. */
  readonly history: { readonly at: number; readonly what: string }[] = [];
  readonly elector: Elector;
  readonly client: KubeClient;
  readonly watcher: KubeWatcher;
  alive = true;

  /** `candidate` makes what is to lead. */
  constructor(
    world: ElectionWorld,
    identity: string,
    { rate = 1, candidate }: { readonly rate?: number; readonly candidate?: (replica: ElectionReplica) => Candidate },
  ) {
    this.clock = new ReplicaClock(world.clock, rate);
    this.client = slowClient(world, this);
    this.watcher = slowWatcher(world, this);
    const deps: ElectorDeps = {
      client: this.client,
      watcher: this.watcher,
      clock: this.clock,
      random: { next: () => world.random() },
      log: this.log,
      onPermit: (may) => this.#tell(world, may ? "may write" : "may not write"),
    };
    this.elector = createElector(deps, { lease: LEASE_NAME, identity });
    const led = candidate?.(this);
    this.elector.start({
      lead: (succession) => {
        this.#tell(world, `lead ${succession}`);
        led?.lead(succession);
      },
      stepDown: () => {
        this.#tell(world, "step down");
        led?.stepDown();
      },
    });
  }

  get mayWrite(): boolean {
    return this.alive && this.elector.permit.remaining() > 0;
  }

  /** SIGKILL: nothing of it happens any more. */
  kill(): void {
    this.alive = false;
    this.network.cut = true;
    this.clock.stop();
  }

  #tell(world: ElectionWorld, what: string): void {
    this.history.push({ at: world.clock.now(), what });
  }
}

/** Replicas that elect a leader on one API server, with everything that can go wrong between them. */
export class ElectionWorld {
  readonly clock = new ManualClock();
  readonly kube = new RecordingKube(() => this.clock.wallTime());
  readonly replicas: ElectionReplica[] = [];
  readonly random: () => number;

  readonly #candidate: ((replica: ElectionReplica) => Candidate) | undefined;

  constructor(random: () => number = () => 0.5, candidate?: (replica: ElectionReplica) => Candidate) {
    this.random = random;
    this.#candidate = candidate;
  }

  join(rate = 1): ElectionReplica {
    const candidate = this.#candidate;
    const options = candidate === undefined ? { rate } : { rate, candidate };
    const replica = new ElectionReplica(this, `replica-${this.replicas.length}`, options);
    this.replicas.push(replica);
    return replica;
  }

  get leaders(): readonly ElectionReplica[] {
    return this.replicas.filter(({ mayWrite }) => mayWrite);
  }

  get holder(): string | undefined {
    const lease = this.kube.object(LEASE, `${LEASE_NAME.namespace}/${LEASE_NAME.name}`);
    return lease === undefined ? undefined : projectLease(lease).holder;
  }

  /** Lets time pass in small steps; `check` is called after each. Ends early when it returns true. */
  async pass(time: number, check: () => boolean | void = () => {}): Promise<number> {
    const start = this.clock.now();
    while (this.clock.now() - start < time) {
      this.clock.advance(millis(STEP));
      for (let i = 0; i < 30; i++) await Promise.resolve();
      if (check() === true) break;
    }
    return this.clock.now() - start;
  }
}

function slowClient(world: ElectionWorld, replica: ElectionReplica): KubeClient {
  const { clock, kube } = world;
  function exchange<T>(limits: RequestLimits | undefined, request: () => Promise<KubeResult<T>>) {
    const { permit, timeout = millis(30_000) } = limits ?? {};
    return new Promise<KubeResult<T>>((resolve) => {
      const finish = (answer: KubeResult<T>) => {
        timer.cancel();
        replica.clock.whenRunning(() => resolve(answer));
      };
      const timer = replica.clock.after(timeout, () => finish(err(kubeError(0, "ETIMEDOUT"))));
      if (permit?.remaining() === 0) return finish(err(kubeError(0, "NotLeader")));
      // Who gives up doesn't hear the answer; the request goes its way.
      permit?.signal.addEventListener("abort", () => finish(err(kubeError(0, "ABORT_ERR"))));
      const { network } = replica;
      if (network.cut) return;
      // No two requests take the same time.
      clock.after(millis(network.toServer * (1 + world.random() / 4)), () => {
        void request().then((answer) => {
          if (!network.deaf && !network.cut) clock.after(millis(network.fromServer), () => finish(answer));
        });
      });
    });
  }
  return {
    get: (resource, name, options) => exchange(options, () => kube.get(resource, name)),
    list: (resource, options) => exchange(undefined, () => kube.list(resource, options)),
    create: (resource, body, options) => exchange(options, () => kube.create(resource, body, options)),
    replace: (resource, name, body, options) => exchange(options, () => kube.replace(resource, name, body, options)),
    patch: (resource, name, patch, options) => exchange(options, () => kube.patch(resource, name, patch, options)),
    delete: (resource, name, options) => exchange(options, () => kube.delete(resource, name, options)),
  };
}

/** A watch whose news comes late but in order, and not at all while the network is cut: then it is made up for. */
function slowWatcher({ clock, kube }: ElectionWorld, replica: ElectionReplica): KubeWatcher {
  return {
    watch: (options, sink) => {
      const news: (() => void)[] = [];
      let open = true;
      const deliver = () => {
        if (replica.network.cut) return void clock.after(millis(STEP), deliver);
        const tell = news.shift();
        replica.clock.whenRunning(() => open && tell?.());
      };
      let last = 0;
      const later = (tell: () => void) => {
        last = Math.max(last, clock.now() + replica.network.watchDelay);
        news.push(tell);
        clock.after(millis(last - clock.now()), deliver);
      };
      const watch = kube.watch(options, {
        set: (key, value) => later(() => sink.set(key, value)),
        delete: (key) => later(() => sink.delete(key)),
        synced: () => later(() => sink.synced()),
      });
      return {
        close: () => {
          open = false;
          watch.close();
        },
      };
    },
  };
}
