import { Allocator } from "../allocator/allocator.ts";
import type { Pool } from "../allocator/pool.ts";
import { formatIssue } from "../config/issues.ts";
import { KINDS } from "../config/kinds.ts";
import { projectNamespace } from "../config/namespace.ts";
import { projectResource } from "../config/resource.ts";
import { projectService } from "../config/service.ts";
import { type ConfigStateIdentity, ConfigStateKeeper } from "../reporting/config-state-keeper.ts";
import { OwnPod } from "../reporting/own-pod.ts";
import type { Succession } from "../ports/leadership.ts";
import type { ResourceType, WatchOptions, WatchSink } from "../ports/kube.ts";
import { formatIssues, MOST_LOGGED, PoolConfig, projectPool, type PoolConfigResult } from "./pool-config.ts";
import { PoolReporter } from "./pool-reporter.ts";
import { RefusalMetrics } from "./refusal-metrics.ts";
import type { ControllerPorts } from "./ports.ts";
import { PendingRetry } from "./pending-retry.ts";
import { ServiceReconciler } from "./service-reconciler.ts";
import { MemberlistSecret, type MemberlistSecretOptions } from "./memberlist-secret.ts";
import { Takeover } from "./takeover.ts";
import { ServiceWriter } from "./service-writer.ts";

export interface ControllerOptions {
  /** Where the pools are. */
  readonly namespace: string;
  /** Services of this class are served; "": Services without a class. */
  readonly loadBalancerClass: string;
  /** Our own Pod, which owns the ConfigurationState; undefined: nobody owns it. */
  readonly podName: string | undefined;
  /** The Secret for the speakers' membership; undefined: none is made. */
  readonly memberlistSecret: MemberlistSecretOptions | undefined;
}

export interface Controller {
  /** Kinds that have not been read completely yet. */
  readonly unread: readonly string[];
  /** From now on it decides and writes; before, it only follows what happens. To be called once. */
  lead(succession: Succession): void;
  /** Late writes of the leader before it may still do harm. */
  readonly isTakingOver: boolean;
  /** Watches end at once; resolves when the writes that are under way have ended. */
  stop(): Promise<void>;
}

/** Puts the parts together and starts to follow the API server. */
export function startController(ports: ControllerPorts, options: ControllerOptions): Controller {
  const { log, metrics } = ports;
  const allocator = new Allocator();
  const services = new ServiceReconciler({
    allocator,
    loadBalancerClass: options.loadBalancerClass,
    log,
    onPlan: (id) => {
      if (stopped) return;
      writer.offer(id);
      reporter.touch();
      retry.touch();
    },
    onRefusal: (before, after) => refusals.change(before, after),
  });
  const refusals = new RefusalMetrics(metrics);
  const writer = new ServiceWriter(ports, services);
  const retry = new PendingRetry(ports.clock, services);
  let duties: Duties | undefined;
  let stopped = false;
  let takeover: Takeover | undefined;
  const usePools = (pools: readonly Pool[]) => {
    takeover = undefined;
    services.setPools(pools);
    reporter.touch();
  };
  const apply = applyConfig(ports, services, (pools) => {
    if (takeover === undefined) usePools(pools);
    else takeover.setPools(pools);
  });
  const config = new PoolConfig((result) => {
    if (stopped) return;
    apply(result);
    duties?.configState.report(result.issues.map(formatIssue));
  });
  const reporter = new PoolReporter(ports, options.namespace, allocator, (name) =>
    config.resource(`${options.namespace}/${name}`),
  );

  const unsynced = new Set<ResourceType>([KINDS.Service, KINDS.IPAddressPool, KINDS.Community, KINDS.Namespace]);
  const decideWhenDue = () => {
    if (unsynced.size === 0 && duties !== undefined) config.complete();
  };
  const watch = <T>(watched: WatchOptions<T>, sink: Omit<WatchSink<T>, "synced">) =>
    ports.watcher.watch(watched, {
      set: (key, value) => sink.set(key, value),
      delete: (key) => sink.delete(key),
      synced: () => {
        unsynced.delete(watched.resource);
        decideWhenDue();
      },
    });
  const watches = [
    watch(
      { resource: KINDS.Service, project: projectService },
      {
        set: (id, service) => {
          metrics.add("metallb_k8s_client_updates_total", {}, 1);
          if (takeover?.isOutdated(id, service) !== true) services.set(id, service);
        },
        delete: (id) => {
          services.delete(id);
          writer.forget(id);
          reporter.touch();
        },
      },
    ),
    watch(
      { resource: KINDS.IPAddressPool, namespace: options.namespace, project: projectPool },
      {
        set: (key, pool) => {
          config.setPool(key, pool);
          reporter.offer(pool.metadata.name);
        },
        delete: (key) => config.deletePool(key),
      },
    ),
    watch(
      { resource: KINDS.Community, namespace: options.namespace, project: projectResource },
      { set: (key, value) => config.setCommunity(key, value), delete: (key) => config.deleteCommunity(key) },
    ),
    watch(
      { resource: KINDS.Namespace, project: projectNamespace },
      { set: (key, value) => config.setNamespace(key, value), delete: (key) => config.deleteNamespace(key) },
    ),
  ];
  return {
    get unread() {
      return Array.from(unsynced, ({ kind }) => kind);
    },
    get isTakingOver() {
      return takeover !== undefined;
    },
    lead(succession) {
      if (succession === "unclean") takeover = new Takeover(ports, services, options.loadBalancerClass, usePools);
      duties = new Duties(ports, options);
      decideWhenDue();
    },
    async stop() {
      stopped = true;
      for (const watch of watches) watch.close();
      retry.close();
      refusals.close();
      await Promise.all([writer.close(), reporter.close(), takeover?.close(), duties?.close()]);
    },
  };
}

/** What a leader does besides giving out addresses. */
class Duties {
  readonly configState: ConfigStateKeeper;
  readonly #pod: OwnPod;
  readonly #secret: MemberlistSecret | undefined;

  constructor(ports: ControllerPorts, options: ControllerOptions) {
    const { namespace, memberlistSecret } = options;
    this.#pod = new OwnPod(options, ports);
    this.configState = new ConfigStateKeeper(identity(namespace), ports, this.#pod);
    this.configState.start();
    if (memberlistSecret !== undefined) this.#secret = new MemberlistSecret(ports, namespace, memberlistSecret);
  }

  async close(): Promise<void> {
    await Promise.all([this.configState.close(), this.#pod.close(), this.#secret?.close()]);
  }
}

function identity(namespace: string): ConfigStateIdentity {
  const labels = { "metallb.io/component-type": "controller" };
  return { namespace, name: "controller", labels, condition: "poolReconcilerValid" };
}

/** Uses valid pools when they are new; complains once about what is wrong. */
function applyConfig(ports: ControllerPorts, services: ServiceReconciler, use: (pools: readonly Pool[]) => void) {
  const { log, metrics } = ports;
  let complaint = "";
  let applied: PoolConfigResult["pools"];
  return ({ pools, issues }: PoolConfigResult) => {
    metrics.add("metallb_k8s_client_updates_total", {}, 1);
    metrics.set("metallb_k8s_client_config_stale_bool", {}, issues.length === 0 ? 0 : 1);
    const text = formatIssues(issues);
    if (issues.length > 0) metrics.add("metallb_k8s_client_update_errors_total", {}, 1);
    if (issues.length > 0 && text !== complaint)
      log.error(
        { issues: issues.slice(0, MOST_LOGGED) },
        `invalid configuration; ${consequence(pools, services)}: ${text}`,
      );
    complaint = text;
    if (pools === undefined || pools === applied) return;
    applied = pools;
    metrics.set("metallb_k8s_client_config_loaded_bool", {}, 1);
    log.info({ pools: pools.map(({ name }) => name) }, "configuration applied");
    use(pools);
  };
}

function consequence(pools: PoolConfigResult["pools"], services: ServiceReconciler): string {
  if (pools !== undefined) return "pools are in force all the same";
  return services.started ? "the last valid one stays in force" : "Services are left alone until it is valid";
}
