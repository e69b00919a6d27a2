import { KINDS } from "../../src/config/kinds.ts";
import type { ServiceView } from "../../src/config/service.ts";
import { projectService } from "../../src/config/service.ts";
import { type Controller, type ControllerOptions, startController } from "../../src/controller/run.ts";
import { type Millis, seconds } from "../../src/lib/duration.ts";
import type { Succession } from "../../src/ports/leadership.ts";
import { ManualClock } from "./manual-clock.ts";
import { RecordingKube } from "./recording-kube.ts";
import { RecordingLog } from "./recording-log.ts";
import { RecordingMetrics } from "./recording-metrics.ts";
import { settle } from "./settle.ts";

const NAMESPACE = "metallb-system";

/** What a test says about a Service; the rest is an IPv4 Service with port TCP/80. */
export interface ServiceSpec {
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string | null>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: object;
  readonly ports?: readonly string[];
  readonly families?: readonly ("IPv4" | "IPv6")[];
  readonly policy?: "SingleStack" | "PreferDualStack" | "RequireDualStack";
  readonly age?: number;
  readonly status?: object;
}

/** What a Service shows. */
export interface Shown {
  readonly ips: readonly string[];
  readonly pool: string | undefined;
  /** `True Allocated`, `False PortConflict`, … */
  readonly condition: string | undefined;
}

/** A whole controller on a manual clock and an API server in memory. */
export class ControllerLab {
  readonly clock = new ManualClock();
  readonly kube = new RecordingKube(() => this.clock.wallTime());
  readonly log = new RecordingLog();
  readonly metrics = new RecordingMetrics();
  #controller: Controller | undefined;
  #services = 0;

  /** Starts a controller, the first or after `stop` another one, and lets it work until it has nothing to do. */
  async start(options: Partial<ControllerOptions> = {}, succession: Succession = "orderly"): Promise<Controller> {
    const { clock, kube, log, metrics } = this;
    this.#controller = startController(
      { clock, random: { next: () => 0.5 }, watcher: kube, client: kube, events: kube, log, metrics },
      { namespace: NAMESPACE, loadBalancerClass: "", podName: undefined, memberlistSecret: undefined, ...options },
    );
    this.#controller.lead(succession);
    await this.quiet();
    return this.#controller;
  }

  async stop(): Promise<void> {
    await this.#controller?.stop();
    this.#controller = undefined;
  }

  /** Lets `time` pass, in steps, with everything that becomes due. */
  async pass(time: Millis): Promise<void> {
    for (let left: number = time; left > 0; left -= 100) {
      this.clock.advance(Math.min(100, left) as Millis);
      await settle(3);
    }
  }

  /** Lets `time` pass at once: what becomes due in it happens at its end. */
  async leap(time: Millis): Promise<void> {
    this.clock.advance(time);
    await settle();
  }

  /** Until all is done that doesn't wait for more than a second. */
  async quiet(): Promise<void> {
    await settle();
    await this.pass(seconds(1));
    await settle();
  }

  pool(name: string, spec: { addresses: readonly string[]; [field: string]: unknown }): void {
    this.kube.apply(KINDS.IPAddressPool, { metadata: { namespace: NAMESPACE, name }, spec });
  }

  removePool(name: string): void {
    this.kube.remove(KINDS.IPAddressPool, `${NAMESPACE}/${name}`);
  }

  namespace(name: string, labels: Readonly<Record<string, string>> = {}): void {
    this.kube.apply(KINDS.Namespace, { metadata: { name, labels } });
  }

  service(name: string, more: ServiceSpec = {}): void {
    const { namespace = "default", families = ["IPv4"], ports = ["TCP/80"], policy = "SingleStack" } = more;
    const age = more.age ?? this.#services++;
    const clusterIPs = families.map((family) => (family === "IPv4" ? "10.96.0.1" : "fd00:96::1"));
    this.kube.apply(KINDS.Service, {
      metadata: {
        namespace,
        name,
        creationTimestamp: new Date(Date.UTC(2025, 0, 1) + age * 1000).toISOString().replace(".000", ""),
        labels: more.labels ?? {},
        annotations: (more.annotations ?? {}) as Record<string, string>,
      },
      spec: {
        type: "LoadBalancer",
        clusterIP: clusterIPs[0],
        clusterIPs,
        ipFamilies: families,
        ipFamilyPolicy: policy,
        ports: ports.map((text) => ({ protocol: text.split("/")[0], port: Number(text.split("/")[1]) })),
        ...more.spec,
      },
      ...(more.status === undefined ? {} : { status: more.status }),
    });
  }

  /** As `kubectl patch` does; keys are `namespace/name`, or a name in `default`. */
  edit(key: string, patch: object): void {
    this.kube.edit(KINDS.Service, longKey(key), patch);
  }

  annotate(key: string, annotations: Readonly<Record<string, string | null>>): void {
    this.edit(key, { metadata: { annotations } });
  }

  remove(key: string): void {
    this.kube.remove(KINDS.Service, longKey(key));
  }

  view(key: string): ServiceView {
    const object = this.kube.object(KINDS.Service, longKey(key));
    if (object === undefined) throw new Error(`no Service ${key}`);
    return projectService(object);
  }

  shown(key: string): Shown {
    const view = this.view(key);
    const condition = view.conditions.find(({ type }) => type === "metallb.io/Allocated");
    return {
      ips: view.ingress.map(({ ip }) => ip),
      pool: view.annotations["metallb.io/ip-allocated-from-pool"],
      condition: condition === undefined ? undefined : `${condition.status} ${condition.reason}`,
    };
  }

  ips(key: string): readonly string[] {
    return this.shown(key).ips;
  }

  /** `Warning AllocationFailed …` of one Service, or of all, in order. */
  events(key?: string): readonly string[] {
    return this.kube.events
      .filter(({ regarding }) => key === undefined || `${regarding.namespace}/${regarding.name}` === longKey(key))
      .map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  }

  /** Writes to Services that the controller made. */
  get serviceWrites(): number {
    return this.kube.requests.filter(({ verb, resource }) => verb === "patch" && resource.kind === "Service").length;
  }
}

function longKey(key: string): string {
  return key.includes("/") ? key : `default/${key}`;
}
