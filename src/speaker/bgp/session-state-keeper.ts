import { type BgpSessionStateView, projectBgpSessionState, SESSION_LABELS } from "../../config/bgp-session-state.ts";
import { KINDS } from "../../config/kinds.ts";
import { type Millis, millis, seconds } from "../../lib/duration.ts";
import { type Handled, WorkQueue } from "../../lib/work-queue.ts";
import type { KubeError } from "../../ports/kube.ts";
import type { OwnPod } from "../../reporting/own-pod.ts";
import { sendStatusWrite } from "../send-status-write.ts";
import type { StatusPorts } from "../status-keeper.ts";
import type { StatusWrite } from "../status-plan.ts";
import type { LivePeer } from "./live-bgp.ts";
import { planSessionState } from "./session-state-plan.ts";

/** A session that flaps is told of no more often. */
const STATE_INTERVAL = seconds(5);

/** How old the numbers of routes may be: they change with every Service, on every node. */
const COUNT_INTERVAL = seconds(60);

const WRITES_AT_ONCE = 2;
const LONGEST_NAME = 253;

/** What was written last of a session. */
interface Written {
  readonly at: Millis;
  readonly state: string;
}

/** Keeps a BGPSessionState for each session of this node, and removes those of sessions that are no more. */
export class SessionStateKeeper {
  readonly #where: { readonly node: string; readonly namespace: string };
  readonly #ports: StatusPorts;
  readonly #pod: OwnPod;
  /** How it is with a peer now, by its name; undefined: there is no session. */
  readonly #peer: (name: string) => LivePeer | undefined;
  readonly #queue: WorkQueue<string>;
  /** By name of the object; those of this node alone. */
  readonly #existing = new Map<string, BgpSessionStateView>();
  /** Names of the peers, by names of objects. */
  readonly #peers = new Map<string, string>();
  readonly #written = new Map<string, Written>();
  #watch: { close(): void } | undefined;
  #begun = false;
  #synced = false;

  constructor(
    where: { readonly node: string; readonly namespace: string },
    ports: StatusPorts,
    pod: OwnPod,
    peer: (name: string) => LivePeer | undefined,
  ) {
    this.#where = where;
    this.#ports = ports;
    this.#pod = pod;
    this.#peer = peer;
    const { clock, random } = ports;
    const handle = (name: string): Promise<Handled> => this.#handle(name);
    this.#queue = new WorkQueue({ clock, random, concurrency: WRITES_AT_ONCE, handle });
  }

  start(): void {
    this.#pod.onChange(() => this.#addAll());
    const { node, namespace } = this.#where;
    const labelSelector = `${SESSION_LABELS.node}=${node}`;
    const options = { resource: KINDS.BGPSessionState, namespace, labelSelector, project: projectBgpSessionState };
    this.#watch = this.#ports.watcher.watch(options, {
      set: (_, state) => {
        this.#existing.set(state.name, state);
        this.#add(state.name);
      },
      delete: (key) => {
        const name = key.slice(key.indexOf("/") + 1);
        this.#existing.delete(name);
        this.#add(name);
      },
      synced: () => {
        this.#synced = true;
        this.#addAll();
      },
    });
  }

  /** The sessions are those that are configured: what is not there by now goes. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#addAll();
  }

  /** Something about the peer has changed. */
  changed(peer: string): void {
    const name = `${this.#where.node}--${peer}`.slice(0, LONGEST_NAME);
    this.#peers.set(name, peer);
    this.#add(name);
  }

  async close(): Promise<void> {
    this.#watch?.close();
    await this.#queue.close();
  }

  #add(name: string): void {
    if (this.#begun && this.#synced && this.#pod.tried) this.#queue.add(name);
  }

  #addAll(): void {
    for (const name of new Set([...this.#existing.keys(), ...this.#peers.keys()])) this.#add(name);
  }

  async #handle(name: string): Promise<Handled> {
    const peer = this.#peer(this.#peers.get(name) ?? "");
    const { node, namespace } = this.#where;
    const write = planSessionState(name, peer, this.#existing.get(name), { node, namespace, pod: this.#pod.view });
    if (write === undefined) return "done";
    const pause = write.do === "status" && peer !== undefined ? this.#pause(name, peer) : 0;
    if (pause > 0) return { retryAfter: millis(pause) };
    const error = await this.#write(name, write, peer);
    if (error === undefined) return write.do === "delete" ? "done" : this.#handle(name);
    const { code, reason, message } = error;
    this.#ports.log.warn({ name, code, reason }, `BGPSessionState ${name} not written, will retry: ${message}`);
    return "retry";
  }

  #pause(name: string, { state, since }: LivePeer): number {
    const last = this.#written.get(name);
    if (last === undefined) return 0;
    const interval = last.state === `${state} ${since}` ? COUNT_INTERVAL : STATE_INTERVAL;
    return last.at + interval - this.#ports.clock.now();
  }

  async #write(name: string, write: StatusWrite, peer: LivePeer | undefined): Promise<KubeError | undefined> {
    const { client, clock } = this.#ports;
    const sent = await sendStatusWrite(client, KINDS.BGPSessionState, this.#where.namespace, write);
    if (write.do === "status" && peer !== undefined)
      this.#written.set(name, { at: clock.now(), state: `${peer.state} ${peer.since}` });
    if (!sent.ok) return sent.error;
    // What was written is known at once, not only when the watch tells it.
    if (sent.value !== undefined) this.#existing.set(name, projectBgpSessionState(sent.value));
    else this.#forget(name);
    return undefined;
  }

  #forget(name: string): void {
    this.#existing.delete(name);
    this.#written.delete(name);
    this.#peers.delete(name);
  }
}
