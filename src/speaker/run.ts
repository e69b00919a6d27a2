import { projectEndpointSlice } from "../config/endpoint-slice.ts";
import { KINDS } from "../config/kinds.ts";
import type { L2StatusView } from "../config/l2-status.ts";
import { projectNode } from "../config/node.ts";
import { projectResource } from "../config/resource.ts";
import type { SecretView } from "../config/secret.ts";
import type { ServiceView } from "../config/service.ts";
import { projectService } from "../config/service.ts";
import { seconds } from "../lib/duration.ts";
import type { Clock } from "../ports/clock.ts";
import type {
  EventRecorder,
  KubeClient,
  KubeObject,
  KubeWatcher,
  ObjectKey,
  ResourceType,
  WatchSink,
} from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Random } from "../ports/random.ts";
import { AllocationNotes } from "./allocation-notes.ts";
import type { AnnounceOptions } from "./announce-state.ts";
import { AnnounceState } from "./announce-state.ts";
import { type ConfigStateIdentity, ConfigStateKeeper } from "../reporting/config-state-keeper.ts";
import { type BgpSessions, BgpSpeaker } from "./bgp/bgp-speaker.ts";
import { LiveSessions } from "./bgp/live-source.ts";
import { PeerSecrets } from "./bgp/peer-secrets.ts";
import { SessionStateKeeper } from "./bgp/session-state-keeper.ts";
import { ConfigKeeper } from "./config-keeper.ts";
import { CONFIG_KINDS, type ConfigKind, ConfigSource } from "./config-source.ts";
import { Layer2ConditionKeeper } from "./layer2-condition-keeper.ts";
import type { IpAddress } from "../ip/address.ts";
import { ok, type Result } from "../lib/result.ts";
import { liveState } from "./live-state.ts";
import { LiveFacts } from "./live-state-facts.ts";
import { parseStateQuery } from "./live-state-query.ts";
import { Layer2Speaker } from "./layer2-speaker.ts";
import { Members } from "./members.ts";
import { OwnPod } from "../reporting/own-pod.ts";
import { type OwnerChanges, ownerChanges } from "./owner-changes.ts";
import type { Announcement, ProtocolWorker, WorkerEvent } from "./protocol.ts";
import { SpeakerObjects } from "./speaker-objects.ts";
import type { SpeakerPodsOptions } from "./speaker-pods.ts";
import { StatusKeeper } from "./status-keeper.ts";
import { BGP_STATUS, L2_STATUS } from "./status-kind.ts";
import { SubnetNotes } from "./subnet-notes.ts";

export interface SpeakerOptions extends AnnounceOptions {
  /** Where the configuration is and the status objects go. */
  readonly namespace: string;
  /** Our own Pod, which owns the status objects; undefined outside of a cluster. */
  readonly podName: string | undefined;
  /** Where other speakers may be found; undefined: there is no membership. */
  readonly speakerPods?: Omit<SpeakerPodsOptions, "namespace"> | undefined;
}

export interface SpeakerPorts {
  readonly watcher: KubeWatcher;
  readonly client: KubeClient;
  readonly events: EventRecorder;
  readonly worker: ProtocolWorker;
  /** Of BGP; undefined: nothing is announced with it. */
  readonly sessions?: BgpSessions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** How long the end may take: the worker may be stuck, and the API server may not answer. */
const STOP_TIMEOUT = seconds(2);

/** Codes of worker troubles that don't pass by themselves. */
const LASTING_TROUBLES: ReadonlySet<string> = new Set(["no-addon", "no-permission", "not-supported"]);

/** A whole speaker on whatever ports it is given. */
export class Speaker {
  readonly #options: SpeakerOptions;
  readonly #ports: SpeakerPorts;
  readonly #objects: SpeakerObjects;
  readonly #state: AnnounceState;
  readonly #configSource: ConfigSource;
  readonly #secrets: PeerSecrets;
  readonly #config: ConfigKeeper;
  readonly #layer2: Layer2Speaker;
  readonly #notes: AllocationNotes;
  readonly #subnets: SubnetNotes;
  readonly #pod: OwnPod;
  readonly #statuses: StatusKeeper<Announcement["interfaces"], L2StatusView>;
  readonly #bgp: BgpSpeaker | undefined;
  readonly #sessionStates: SessionStateKeeper | undefined;
  readonly #conditions: Layer2ConditionKeeper;
  readonly #configState: ConfigStateKeeper;
  readonly #members: Members | undefined;
  readonly #facts: LiveFacts;
  readonly #watches: { close(): void }[] = [];
  /** Kinds whose first list has not come yet. */
  readonly #unsynced = new Set<string>();
  /** What the worker lacks, by code. */
  readonly #troubles = new Map<string, string>();
  #workerReady = false;
  #replanScheduled = false;
  #onStopped: (() => void) | undefined;
  #stopping = false;

  constructor(options: SpeakerOptions, ports: SpeakerPorts) {
    this.#options = options;
    this.#ports = ports;
    const { log, events, worker, metrics } = ports;
    this.#objects = new SpeakerObjects(options);
    this.#state = new AnnounceState(options, this.#objects);
    this.#notes = new AllocationNotes(log);
    this.#subnets = new SubnetNotes(options.node, ports);
    this.#pod = new OwnPod(options, ports);
    this.#statuses = new StatusKeeper(L2_STATUS, options, ports, this.#pod);
    this.#conditions = new Layer2ConditionKeeper(options, ports);
    this.#configState = new ConfigStateKeeper(configState(options), ports, this.#pod);
    this.#configSource = new ConfigSource(options.node);
    const sink = {
      set: (key: ObjectKey, secret: SecretView) => this.#configSource.setSecret(key, secret),
      delete: (key: ObjectKey) => this.#configSource.deleteSecret(key),
    };
    this.#secrets = new PeerSecrets(options.namespace, { ...ports, sink, onChange: () => this.#scheduleReplan() });
    this.#config = new ConfigKeeper(this.#configSource, {
      log,
      metrics,
      report: (errors) => this.#configState.report(errors),
    });
    const { speakerPods, namespace } = options;
    if (speakerPods !== undefined) {
      const onAlive = (nodes: ReadonlySet<string>): void => {
        this.#state.setAlive(nodes);
        this.#scheduleReplan();
      };
      const onHoldBack = (heldBack: boolean): void => {
        this.#layer2.holdBack(heldBack);
        this.#statuses.holdBack(heldBack);
      };
      this.#members = new Members({ ...speakerPods, namespace }, { ...ports, onAlive, onHoldBack });
    }
    this.#layer2 = new Layer2Speaker(options.node, {
      worker,
      events,
      log,
      metrics,
      onAnnounced: (service, interfaces) => this.#statuses.want(service, interfaces),
    });
    const { sessions } = ports;
    if (sessions !== undefined) {
      const statuses = new StatusKeeper(BGP_STATUS, options, ports, this.#pod);
      this.#bgp = new BgpSpeaker(options, this.#objects, { ...ports, sessions, statuses });
      const live = new LiveSessions(sessions, ports.clock);
      const states = new SessionStateKeeper(options, ports, this.#pod, (peer) => live.now(peer));
      sessions.onChange((peer) => states.changed(peer));
      this.#sessionStates = states;
    }
    const isHeld = (address: IpAddress) => this.#layer2.holders(address).length > 0;
    this.#facts = new LiveFacts({ clock: ports.clock, metrics, isHeld });
  }

  /** What this speaker shows of itself, as JSON; the error is for whoever asked. */
  state(query: URLSearchParams): Result<string, string> {
    const parsed = parseStateQuery(query);
    if (!parsed.ok) return parsed;
    const { clock, sessions } = this.#ports;
    const source = {
      node: this.#options.node,
      now: clock.wallTime(),
      waitingFor: this.waitingFor(),
      membership: this.#members?.facts,
      addresses: new Set([...this.#layer2.addresses(), ...this.#facts.addresses()]),
      holders: (address: IpAddress) => this.#layer2.holders(address),
      facts: (address: IpAddress) => this.#facts.of(address),
      withoutSubnet: (address: IpAddress) => this.#subnets.withoutSubnet(address),
      bgp: sessions && new LiveSessions(sessions, clock),
    };
    return ok(JSON.stringify(liveState(source, parsed.value)));
  }

  start(): void {
    const { namespace } = this.#options;
    this.#ports.worker.onEvent((event) => this.#onWorkerEvent(event));
    this.#watch(KINDS.Service, projectService, {
      set: (key, service) => {
        this.#objects.setService(key, service);
        this.#notes.set(key, service);
        this.#conditions.set(key, service);
      },
      delete: (key) => {
        this.#objects.deleteService(key);
        this.#notes.delete(key);
        this.#conditions.delete(key);
      },
    });
    this.#watch(KINDS.EndpointSlice, projectEndpointSlice, {
      set: (key, slice) => this.#objects.setSlice(key, slice),
      delete: (key) => this.#objects.deleteSlice(key),
    });
    this.#watch(KINDS.Node, projectNode, {
      set: (_, node) => {
        this.#objects.setNode(node);
        this.#configSource.setNode(node);
      },
      delete: (name) => {
        this.#objects.deleteNode(name);
        this.#configSource.deleteNode(name);
      },
    });
    for (const kind of Object.keys(CONFIG_KINDS) as ConfigKind[]) {
      const objects: Sink<KubeObject> = {
        set: (key, object) => this.#configSource.set(kind, key, object),
        delete: (key) => this.#configSource.delete(kind, key),
      };
      this.#watch(KINDS[kind], projectResource, objects, namespace);
    }
    this.#statuses.start();
    this.#bgp?.start();
    this.#sessionStates?.start();
    this.#configState.start();
    this.#members?.start();
  }

  /** What is missing before this speaker can do its work; undefined when it is ready. */
  waitingFor(): string | undefined {
    const missing = [...this.#troubles.values()];
    if (this.#unsynced.size > 0) missing.push(`waiting for the first list of ${[...this.#unsynced].join(", ")}`);
    else if (missing.length === 0 && !this.#workerReady) missing.push("waiting for the protocol worker");
    const doubt = this.#members?.waitingFor();
    if (doubt !== undefined) missing.push(doubt);
    return missing.length === 0 ? undefined : missing.join("; ");
  }

  /** Withdraws everything; resolves when the worker has done so and writes have ended, or after two seconds. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const watch of this.#watches) watch.close();
    this.#secrets.close();
    this.#members?.close();
    this.#subnets.close();
    const { worker, clock } = this.#ports;
    const withdrawn = new Promise<void>((resolve) => (this.#onStopped = resolve));
    worker.send({ do: "stop" });
    const keepers = [this.#pod, this.#statuses, this.#conditions, this.#configState, this.#sessionStates];
    const ended = Promise.all([withdrawn, this.#bgp?.stop(), ...keepers.map((keeper) => keeper?.close())]);
    await new Promise<void>((resolve) => {
      const timer = clock.after(STOP_TIMEOUT, resolve);
      void ended.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #watch<T>(resource: ResourceType, project: (object: KubeObject) => T, sink: Sink<T>, namespace?: string): void {
    const { watcher, metrics } = this.#ports;
    this.#unsynced.add(resource.plural);
    const told = (): void => {
      metrics.add("metallb_k8s_client_updates_total", {}, 1);
      this.#scheduleReplan();
    };
    const full: WatchSink<T> = {
      set: (key, value) => {
        sink.set(key, value);
        told();
      },
      delete: (key) => {
        sink.delete(key);
        told();
      },
      synced: () => {
        this.#unsynced.delete(resource.plural);
        this.#scheduleReplan();
      },
    };
    this.#watches.push(watcher.watch({ resource, project, ...(namespace === undefined ? {} : { namespace }) }, full));
  }

  /** Everything that arrives in one go is planned for once. */
  #scheduleReplan(): void {
    if (this.#replanScheduled || this.#unsynced.size > 0 || this.#stopping) return;
    this.#replanScheduled = true;
    queueMicrotask(() => {
      this.#replanScheduled = false;
      if (!this.#stopping) this.#replan();
    });
  }

  #replan(): void {
    // A peer without its password would be refused, and announced as wrong, in the moment before its Secret is read.
    this.#secrets.follow(this.#configSource.secretNames());
    if (!this.#secrets.settled) return;
    const news = this.#config.take(() => this.#announced());
    if (news?.layer2 !== undefined) this.#state.setConfig(news.layer2);
    if (news?.bgp !== undefined) {
      this.#bgp?.setConfig(news.bgp);
      this.#sessionStates?.begin();
    }
    this.#bgp?.replan();
    const changes = this.#state.replan();
    this.#countOwnerChanges(ownerChanges(changes));
    this.#layer2.apply(changes);
    this.#conditions.apply(changes, this.#state.speakers);
    this.#subnets.apply(changes);
    if (this.#state.configured) this.#statuses.begin();
  }

  /** By whatever protocol. */
  #announced(): readonly ServiceView[] {
    return [...new Set([...this.#state.announced(), ...(this.#bgp?.announced() ?? [])])];
  }

  #countOwnerChanges({ gained, lost }: OwnerChanges): void {
    const { metrics } = this.#ports;
    if (gained > 0) metrics.add("metallb_speaker_owner_changes_total", { direction: "gained" }, gained);
    if (lost > 0) metrics.add("metallb_speaker_owner_changes_total", { direction: "lost" }, lost);
  }

  #onWorkerEvent(event: WorkerEvent): void {
    if (event.on === "ready") this.#workerReady = true;
    if (event.on === "stopped") this.#onStopped?.();
    if (event.on === "trouble") this.#onTrouble(event.code, event.message);
    this.#facts.onWorkerEvent(event);
    // What the worker lets go of while it stops is no news.
    if (!this.#stopping) this.#members?.onWorkerEvent(event);
    if (!this.#stopping) this.#subnets.onWorkerEvent(event);
    if (!this.#stopping || event.on === "counters" || event.on === "log") this.#layer2.onWorkerEvent(event);
  }

  /** What passes is logged; what stays also keeps us from being ready. */
  #onTrouble(code: string, message: string): void {
    const { log } = this.#ports;
    if (!LASTING_TROUBLES.has(code)) return log.warn({ code }, message);
    if (this.#troubles.get(code) === message) return;
    this.#troubles.set(code, message);
    log.error({ code }, message);
  }
}

function configState({ node, namespace }: SpeakerOptions): ConfigStateIdentity {
  const labels = { "metallb.io/component-type": "speaker", "metallb.io/node-name": node };
  return { namespace, name: `speaker-${node}`, labels, condition: "configReconcilerValid" };
}

type Sink<T> = Pick<WatchSink<T>, "set" | "delete">;
