import type { PeerRib } from "../../bgp/rib/peer-rib.ts";
import type { Route } from "../../bgp/rib/route.ts";
import type { SessionSnapshot } from "../../bgp/session/session-record.ts";
import type { StopReason } from "../../bgp/session/reason.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Link } from "../../ports/links.ts";
import type { Log } from "../../ports/log.ts";
import type { Random } from "../../ports/random.ts";
import type { Connection, StreamHandlers, Streams } from "../../ports/streams.ts";
import { PeerListener, type WelcomePeer } from "./peer-listener.ts";
import { SessionDriver, type SessionPlan } from "./session-driver.ts";

export interface PeerManagerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly streams: Streams;
  readonly log: Log;
  /** The interfaces as they are now. */
  readonly links: () => readonly Link[];
  /** The state of the peer's session changed, or what the peer was told. */
  readonly onChange: (peer: string) => void;
}

/** A session and what its peer is told, for reports and metrics. */
export interface PeerReport {
  readonly plan: SessionPlan;
  readonly session: SessionSnapshot;
  readonly rib: PeerRib;
}

/** Where peers connect to us. */
export interface ListenPlan {
  readonly port: number;
  /** Only while one of them is passive on our side; else while there are any. */
  readonly onlyIfNeeded: boolean;
}

/** Keeps the sessions of this node in step with what is configured. Sessions of peers that don't change go on. */
export class PeerManager {
  readonly #ports: PeerManagerPorts;
  readonly #drivers = new Map<string, SessionDriver>();
  readonly #listen: ListenPlan | undefined;
  readonly #listener: PeerListener | undefined;
  #isStopped = false;

  /** `listen` undefined: peers can't connect to us. */
  constructor(listen: ListenPlan | undefined, ports: PeerManagerPorts) {
    this.#ports = ports;
    this.#listen = listen;
    if (listen === undefined) return;
    this.#listener = new PeerListener(listen.port, ports, (peer, connection) => this.#accept(peer, connection));
  }

  /** These are the peers from now on. Names are unique. */
  setPeers(plans: readonly SessionPlan[]): void {
    if (this.#isStopped) return;
    const names = new Set(plans.map(({ name }) => name));
    for (const [name, driver] of this.#drivers) {
      if (names.has(name)) continue;
      this.#drivers.delete(name);
      void driver.stop("deconfigured");
      this.#ports.onChange(name);
    }
    for (const plan of plans) this.#drivers.get(plan.name)?.replacePlan(plan);
    // New sessions may need the place of old ones in the listener.
    // Beside us there may be a BGP speaker for other purposes, which has the port.
    const isNeeded = this.#listen?.onlyIfNeeded === false || plans.some(({ config }) => config.passive);
    this.#listener?.setPeers(isNeeded ? plans.map(welcomeOf) : []);
    for (const plan of plans) if (!this.#drivers.has(plan.name)) this.#start(plan);
  }

  /** The peer is to have these routes and no others. Nothing for a peer that is not there. */
  setRoutes(peer: string, routes: Iterable<Route>): void {
    this.changeRoutes(peer, (rib) => rib.replace(routes));
  }

  /** Changes what the peer is to have; all changes until the current task ends are sent as one. */
  changeRoutes(peer: string, change: (rib: PeerRib) => void): void {
    const driver = this.#drivers.get(peer);
    if (driver === undefined || this.#isStopped) return;
    change(driver.rib);
    driver.routesChanged();
  }

  report(peer: string): PeerReport | undefined {
    const driver = this.#drivers.get(peer);
    return driver && { plan: driver.plan, session: driver.snapshot(), rib: driver.rib };
  }

  get peers(): readonly string[] {
    return [...this.#drivers.keys()];
  }

  /** Ends all sessions in order, and takes no more connections. Resolves when nothing is left, after two seconds at most. */
  async stop(why: StopReason = "admin-shutdown", text?: string): Promise<void> {
    this.#isStopped = true;
    this.#listener?.close();
    await Promise.all([...this.#drivers.values()].map((driver) => driver.stop(why, text)));
  }

  #start(plan: SessionPlan): void {
    const { log, onChange } = this.#ports;
    const driver = new SessionDriver(plan, {
      ...this.#ports,
      log: log.with({ peer: plan.name }),
      onChange: () => onChange(plan.name),
    });
    this.#drivers.set(plan.name, driver);
    driver.start();
  }

  #accept({ name }: WelcomePeer, connection: Connection): StreamHandlers {
    return this.#drivers.get(name)!.accept(connection);
  }
}

function welcomeOf({ name, remote, connect }: SessionPlan): WelcomePeer {
  const { source, key, ttl, minTtl } = connect;
  return {
    name,
    remote,
    local: source,
    key,
    limits: { ...(ttl === undefined ? {} : { ttl }), ...(minTtl === undefined ? {} : { minTtl }) },
  };
}
