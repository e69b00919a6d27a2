import type { StreamHandlers, WatchTransport } from "../../src/k8s/watch-transport.ts";
import { err, ok } from "../../src/lib/result.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import type { KubeError } from "../../src/ports/kube.ts";
import type { ManualClock } from "./manual-clock.ts";

/** What goes wrong with one exchange; anything but "none" happens once. */
export type Fault =
  | "none"
  | "refused"
  | "unauthorized"
  | "busy"
  | "unsupported"
  | "expired"
  /** The stream breaks after the first event. */
  | "drop"
  /** The stream says 410 after the first event. */
  | "expire-midway"
  /** Every event comes twice. */
  | "duplicate"
  /** The stream stays open and says nothing more. */
  | "hang"
  /** A list shows the state of a while ago. */
  | "stale"
  /** A streaming list never marks its end. */
  | "no-end"
  /** A streaming list takes six seconds per object. */
  | "slow";

interface Change {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly name: string;
}

interface Stream {
  readonly fault: Fault;
  readonly handlers: StreamHandlers;
  sent: number;
  open: boolean;
  /** The version that the watch was asked to start after. */
  readonly at: number;
  /** Changes during the initial events, which come after those. */
  held: Change[] | undefined;
}

const LATENCY = millis(1);
const PAGE = 2;

const EXPIRED = { type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } };

function kubeError(code: number, reason: string): KubeError {
  return { code, reason, message: reason, retryable: true };
}

/** How these faults show before anything is answered. */
const REFUSALS: Partial<Record<Fault, KubeError>> = {
  refused: kubeError(0, "ECONNREFUSED"),
  unauthorized: kubeError(401, "Unauthorized"),
  busy: { ...kubeError(429, "TooManyRequests"), retryAfter: seconds(2) },
  expired: kubeError(410, "Expired"),
};

/** One collection of an API server, in memory and on a manual clock, that fails as it is told. */
export class ModelWatchServer implements WatchTransport {
  readonly #clock: ManualClock;
  readonly #log: Change[] = [];
  readonly #streams = new Set<Stream>();
  readonly #snapshots = new Map<
    string,
    { readonly version: number; readonly rest: readonly (readonly [string, number])[] }
  >();
  /** Faults of the exchanges to come, in order. */
  faults: Fault[] = [];
  exchanges = 0;
  #version = 1;
  /** Watches from before this version are refused. */
  #oldest = 0;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  get state(): ReadonlyMap<string, string> {
    return new Map([...this.#stateAt(this.#version)].map(([name, version]) => [name, String(version)]));
  }

  put(name: string): void {
    this.#change(this.#stateAt(this.#version).has(name) ? "MODIFIED" : "ADDED", name);
  }

  remove(name: string): void {
    if (this.#stateAt(this.#version).has(name)) this.#change("DELETED", name);
  }

  /** Cuts every stream. */
  breakStreams(): void {
    for (const stream of this.#streams) this.#end(stream, kubeError(0, "ECONNRESET"));
  }

  /** Forgets the changes so far: only a new list can bring a watcher up to date that has missed one. */
  compact(): void {
    this.#oldest = this.#version;
  }

  get(path: string, done: Parameters<WatchTransport["get"]>[1]): { cancel(): void } {
    const query = queryOf(path);
    const fault = this.#nextFault();
    return this.#later(() => {
      const refusal = REFUSALS[fault];
      if (refusal !== undefined) return done(err(refusal));
      const version = fault === "stale" ? Math.max(1, this.#version - 3) : this.#version;
      const token = query.get("continue");
      const { version: at, rest } =
        token === null ? { version, rest: [...this.#stateAt(version)] } : this.#snapshots.get(token)!;
      const size = query.has("limit") ? PAGE : rest.length;
      const more = rest.slice(size);
      const next = more.length > 0 ? `token-${this.exchanges}` : "";
      if (next !== "") this.#snapshots.set(next, { version: at, rest: more });
      const items = rest.slice(0, size).map(([name, each]) => object(name, each));
      done(ok(JSON.stringify({ items, metadata: { resourceVersion: String(at), continue: next } })));
    });
  }

  stream(path: string, handlers: StreamHandlers): { cancel(): void } {
    const query = queryOf(path);
    const fault = this.#nextFault();
    const lists = query.has("sendInitialEvents");
    const stream: Stream = {
      fault,
      handlers,
      sent: 0,
      open: true,
      held: undefined,
      at: Number(query.get("resourceVersion") ?? 0),
    };
    const end = this.#clock.after(seconds(Number(query.get("timeoutSeconds"))), () => {
      if (fault !== "hang") this.#end(stream, undefined);
    });
    const start = this.#later(() => {
      const refusal = fault === "unsupported" && lists ? kubeError(422, "Invalid") : REFUSALS[fault];
      if (refusal !== undefined) return this.#end(stream, refusal);
      handlers.opened();
      this.#streams.add(stream);
      if (lists) this.#sendInitial(stream);
      else if (stream.at < this.#oldest) this.#line(stream, EXPIRED);
      else for (const change of this.#log) if (change.version > stream.at) this.#send(stream, change);
    });
    return {
      cancel: () => {
        start.cancel();
        end.cancel();
        stream.open = false;
        this.#streams.delete(stream);
      },
    };
  }

  close(): void {}

  #sendInitial(stream: Stream): void {
    const state = [...this.#stateAt(this.#version)];
    const annotations = { "k8s.io/initial-events-end": "true" };
    const metadata = { resourceVersion: String(this.#version), annotations };
    const pace = seconds(stream.fault === "slow" ? 6 : 0);
    stream.held = [];
    for (const [index, [name, version]] of state.entries())
      this.#clock.after(millis(pace * index), () => this.#send(stream, { type: "ADDED", name, version }));
    this.#clock.after(millis(pace * state.length), () => {
      if (stream.fault !== "no-end") this.#line(stream, { type: "BOOKMARK", object: { metadata } });
      for (const change of stream.held ?? []) this.#send(stream, change);
      stream.held = undefined;
    });
  }

  #send(stream: Stream, change: Change): void {
    if (!stream.open) return;
    const event = { type: change.type, object: object(change.name, change.version) };
    this.#line(stream, event);
    if (stream.fault === "duplicate") this.#line(stream, event);
    stream.sent++;
    if (stream.fault === "drop") this.#end(stream, kubeError(0, "ECONNRESET"));
    if (stream.fault === "expire-midway") this.#line(stream, EXPIRED);
  }

  #line(stream: Stream, event: object): void {
    if (stream.open && !(stream.fault === "hang" && stream.sent > 0)) stream.handlers.line(JSON.stringify(event));
  }

  #end(stream: Stream, error: KubeError | undefined): void {
    if (!stream.open) return;
    stream.open = false;
    this.#streams.delete(stream);
    stream.handlers.ended(error);
  }

  #change(type: Change["type"], name: string): void {
    const change = { version: ++this.#version, type, name };
    this.#log.push(change);
    for (const stream of this.#streams) {
      if (stream.held === undefined) this.#send(stream, change);
      else stream.held.push(change);
    }
  }

  #stateAt(version: number): Map<string, number> {
    const state = new Map<string, number>();
    for (const change of this.#log) {
      if (change.version > version) break;
      if (change.type === "DELETED") state.delete(change.name);
      else state.set(change.name, change.version);
    }
    return state;
  }

  #nextFault(): Fault {
    this.exchanges++;
    return this.faults.shift() ?? "none";
  }

  #later(act: () => void): { cancel(): void } {
    return this.#clock.after(LATENCY, act);
  }
}

function queryOf(path: string): URLSearchParams {
  return new URL(path, "https://model").searchParams;
}

function object(name: string, version: number) {
  return { metadata: { name, namespace: "ns", resourceVersion: String(version) } };
}
