import { KINDS } from "../../src/config/kinds.ts";
import { projectService, type ServiceView } from "../../src/config/service.ts";
import { Replica } from "../../src/controller/replica.ts";
import { seconds } from "../../src/lib/duration.ts";
import type { KubeObject } from "../../src/ports/kube.ts";
import type { Succession } from "../../src/ports/leadership.ts";
import type { IpAddress } from "../../src/ip/address.ts";
import { formatAddress, parseAddress } from "../../src/ip/address.ts";
import { brokenRules } from "./allocation-oracle.ts";
import { AllocationWorld, type ModelService } from "./allocation-world.ts";
import { ControllerLab } from "./controller-lab.ts";
import { kubeError } from "./recording-kube.ts";

/** A pool whose users are found by the label of their namespace. */
export interface HistoryPool {
  readonly ranges: readonly (readonly [first: string, last: string])[];
  readonly autoAssign: boolean;
  readonly avoidBuggyIPs: boolean;
  /** Value of the namespace's label `team`; undefined: all namespaces. */
  readonly team: string | undefined;
  readonly priority: number;
}

/** What can go wrong between the controller and the API server. */
export type Fault = "conflict" | "error" | "throttle" | "no-answer" | "silent-watches";

const ERRORS = {
  conflict: kubeError(409, "Conflict"),
  error: kubeError(500, "InternalError"),
  throttle: { ...kubeError(429, "TooManyRequests"), retryAfter: seconds(3) },
  "no-answer": kubeError(0, "ECONNRESET"),
} as const;

/** Longer than the longest wait between two tries of a write. */
const QUIET = seconds(40);

/**
 * A cluster with two controllers of which one leads, against an API server that fails at times. What the Services show
 * is compared with a controller that starts from nothing and with the rules by brute force.
 */
export class ClusterHistory {
  readonly lab = new ControllerLab();
  readonly pools = new Map<string, HistoryPool>();
  readonly services = new Map<string, ModelService>();
  readonly teams = new Map<string, string>();
  #leader = this.#join();
  #standby = this.#join();
  #succeeded = false;
  /** Services that came to show an address while another one with a port of theirs showed it, too. */
  readonly #collisions: string[] = [];

  constructor() {
    this.#watchForCollisions();
    for (const name of ["a", "b"]) this.label(name, "one");
    this.#leader.lead("orderly");
  }

  label(namespace: string, team: string): void {
    this.teams.set(namespace, team);
    this.lab.namespace(namespace, { team });
  }

  setPool(name: string, pool: HistoryPool): void {
    this.pools.set(name, pool);
    const { ranges, autoAssign, avoidBuggyIPs, team, priority } = pool;
    const allocation = { priority, namespaceSelectors: [{ matchLabels: { team } }] };
    this.lab.pool(name, {
      addresses: ranges.map((range) => range.join("-")),
      autoAssign,
      avoidBuggyIPs,
      ...(team === undefined ? {} : { serviceAllocation: allocation }),
    });
  }

  removePool(name: string): void {
    if (this.pools.delete(name)) this.lab.removePool(name);
  }

  setService(name: string, service: ModelService): void {
    const { namespace, families, policy, ports } = service;
    this.services.set(`${namespace}/${name}`, service);
    this.lab.service(name, {
      namespace,
      families,
      policy,
      ports,
      age: Number(name.slice(1)),
      annotations: {
        ...(service.key === "" ? {} : { "metallb.io/allow-shared-ip": service.key }),
        ...(service.pool === "" ? {} : { "metallb.io/address-pool": service.pool }),
        ...(service.addresses.length === 0 ? {} : { "metallb.io/loadBalancerIPs": service.addresses.join() }),
      },
      spec: {
        type: service.type,
        externalTrafficPolicy: service.local ? "Local" : "Cluster",
        selector: service.selector,
      },
    });
  }

  removeService(id: string): void {
    if (this.services.delete(id)) this.lab.remove(id);
  }

  /** The other replica leads; `unclean`: the old one had no time to end anything. */
  succeed(succession: Succession): void {
    const old = this.#leader;
    this.#leader = this.#standby;
    this.#leader.lead(succession);
    old.stepDown();
    this.#standby = old;
    this.#succeeded = true;
  }

  /** The next writes fail this way; or watches say nothing until the end of the step. */
  disturb(fault: Fault, times: number): void {
    if (fault === "silent-watches") this.lab.kube.pauseWatches();
    else this.lab.kube.fail(ERRORS[fault], times, ({ verb }) => verb === "patch");
  }

  /** Until nothing is to be expected any more, whatever was disturbed. */
  async settle(): Promise<void> {
    await this.lab.quiet();
    this.lab.kube.resumeWatches();
    this.lab.kube.heal();
    for (let left: number = QUIET; left > 0; left -= seconds(5)) await this.lab.leap(seconds(5));
  }

  async close(): Promise<void> {
    await Promise.all([this.#leader.stop(), this.#standby.stop()]);
  }

  /** What is wrong at rest, when `before` was shown before the last step and `told` events had been recorded. */
  complaints(before: ReadonlyMap<string, readonly string[]>, told: number): readonly string[] {
    const shown = this.shown();
    const succeeded = this.#succeeded;
    this.#succeeded = false;
    const untold = succeeded ? [] : this.#untoldChanges(before, shown, told);
    const collisions = this.#collisions.splice(0);
    return [...collisions, ...untold, ...this.#wrongAgainst(before, shown), ...this.#wrongPoolStatuses(shown)];
  }

  /** Addresses by Service. */
  shown(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.services.keys()].map((id) => [id, this.lab.ips(id)]));
  }

  /** At no moment, not only at rest: speakers announce what statuses show. */
  #watchForCollisions(): void {
    const known = new Map<string, ServiceView>();
    const set = (id: string, view: ServiceView) => {
      const had = known.get(id)?.ingress.map(({ ip }) => ip) ?? [];
      known.set(id, view);
      for (const { ip } of view.ingress.filter((entry) => !had.includes(entry.ip)))
        for (const [otherId, other] of known)
          if (otherId !== id && other.ingress.some((entry) => entry.ip === ip) && havePortInCommon(view, other))
            this.#collisions.push(`${id} came to show ${ip}, which ${otherId} shows with the same port`);
    };
    this.lab.kube.watch(
      { resource: KINDS.Service, project: projectService },
      { set, delete: (id) => void known.delete(id), synced: () => {} },
    );
  }

  /** An address that comes or goes without an event. A leader that is gone may have taken its events with it. */
  #untoldChanges(
    before: ReadonlyMap<string, readonly string[]>,
    shown: ReadonlyMap<string, readonly string[]>,
    told: number,
  ): readonly string[] {
    const news = this.lab.kube.events.slice(told);
    return [...shown].flatMap(([id, ips]) => {
      const had = before.get(id) ?? [];
      const texts = news
        .filter(({ regarding }) => `${regarding.namespace}/${regarding.name}` === id)
        .map(({ reason, message }) => `${reason} ${message}`);
      const gained = ips.filter((ip) => !had.includes(ip));
      const isLost = ips.length < had.length && this.services.get(id)!.type === "LoadBalancer";
      return [
        ...gained
          .filter((ip) => !texts.some((text) => text.startsWith("IPAllocated") && text.includes(`"${ip}"`)))
          .map((ip) => `${id} got ${ip} without an event`),
        ...(isLost && texts.length === 0 ? [`${id} lost one of ${had.join()} without an event`] : []),
      ];
    });
  }

  /** A controller that knows nothing but the objects must find nothing to change, and no rule broken. */
  #wrongAgainst(
    before: ReadonlyMap<string, readonly string[]>,
    shown: ReadonlyMap<string, readonly string[]>,
  ): readonly string[] {
    const world = new AllocationWorld();
    for (const [name, { team, ...pool }] of this.pools) {
      const namespaces = team === undefined ? undefined : [...this.teams].flatMap(([n, t]) => (t === team ? [n] : []));
      world.pools.set(name, { ...pool, namespaces });
    }
    for (const [id, service] of this.services) {
      world.services.set(id, service);
      world.objects.set(id, this.lab.kube.object(KINDS.Service, id) as KubeObject);
    }
    world.restart();
    world.flush();
    const differing = [...shown].flatMap(([id, ips]) => {
      const fresh = world.addresses(id).map(formatAddress).join();
      return fresh === ips.join() ? [] : [`${id} shows ${ips.join()}, a restarted controller says ${fresh}`];
    });
    const writes = world.writes === 0 ? [] : [`a restarted controller writes ${world.writes} times`];
    return [...differing, ...writes, ...brokenRules(world, parsed(before))];
  }

  #wrongPoolStatuses(shown: ReadonlyMap<string, readonly string[]>): readonly string[] {
    const used = new Set([...shown.values()].flat());
    return [...this.pools].flatMap(([name, { ranges }]) => {
      const status = this.lab.kube.object(KINDS.IPAddressPool, `metallb-system/${name}`)?.["status"];
      const { assignedIPv4, assignedIPv6 } = (status ?? {}) as Readonly<Record<string, number>>;
      const inUse = [...used].filter((ip) => ranges.some(([first, last]) => within(ip, first, last))).length;
      const counted = (assignedIPv4 ?? -1) + (assignedIPv6 ?? 0);
      return counted === inUse ? [] : [`the status of ${name} counts ${counted} in use, there are ${inUse}`];
    });
  }

  #join(): Replica {
    const { clock, kube, log, metrics } = this.lab;
    const ports = { clock, random: { next: () => 0.5 }, watcher: kube, client: kube, events: kube, log, metrics };
    const options = { namespace: "metallb-system", loadBalancerClass: "", podName: undefined };
    return new Replica(ports, { ...options, memberlistSecret: undefined });
  }
}

function parsed(shown: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly IpAddress[]> {
  return new Map([...shown].map(([id, ips]) => [id, ips.map((ip) => parseAddress(ip)!)]));
}

function havePortInCommon(a: ServiceView, b: ServiceView): boolean {
  return a.ports.some(({ protocol, port }) =>
    b.ports.some((other) => other.protocol === protocol && other.port === port),
  );
}

function within(ip: string, first: string, last: string): boolean {
  const [low, at, high] = [first, ip, last].map((text) => parseAddress(text)!) as [IpAddress, IpAddress, IpAddress];
  return low <= at && at <= high;
}
