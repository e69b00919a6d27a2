import type { ServerResponse } from "node:http";
import { invalid } from "../errors.ts";
import { forbiddenValue } from "../field-errors.ts";
import type { Kernel } from "../kernel.ts";
import { equalJson } from "../objects.ts";
import type { Representation } from "../negotiate.ts";
import type { IncludeObject } from "../represent.ts";
import type { Definition } from "../registry.ts";
import { StatusError } from "../status.ts";
import type { StorageEvent } from "../storage.ts";
import type { Soon } from "./forms.ts";
import { servedForms, whenReady } from "./forms.ts";
import { revisionOf, selectorOf } from "./list.ts";
import type { VisibleEvent, WatchView } from "./watch-events.ts";
import { WatchEncoder, line, visible } from "./watch-events.ts";

/** How a watch begins. */
interface Start {
  /** Whether it begins with the present state as ADDED events. */
  readonly initial: boolean;
  /** Whether a bookmark marks the end of that state. */
  readonly markEnd: boolean;
  /** The revision after which events follow. */
  readonly since: number;
}

export interface WatchRequest {
  readonly definition: Definition;
  /** undefined is all namespaces. */
  readonly namespace: string | undefined;
  readonly query: URLSearchParams;
  readonly how: Representation;
  readonly include: IncludeObject;
}

/** A client that lets this much pile up has stopped reading. The state with which a watch begins does not count. */
const MAX_BUFFERED = 64 * 1024 * 1024;
const BOOKMARK_EVERY_MS = 60_000;
/** The last bookmark comes this long before the end of the watch. */
const LAST_BOOKMARK_MS = 2_000;
/** A real server ends watches without timeoutSeconds after a random time of this much, up to twice as much. */
const MIN_TIMEOUT_S = 1_800;

function forbidMatch(why: string): StatusError {
  return invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", [forbiddenValue("resourceVersionMatch", why)]);
}

function forbidStreaming(): StatusError {
  const why = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
  return invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", [forbiddenValue("sendInitialEvents", why)]);
}

function startOf(query: URLSearchParams, revision: number): Start {
  const asked = revisionOf(query);
  const bookmarks = isTrue(query.get("allowWatchBookmarks"));
  const sendInitial = query.get("sendInitialEvents");
  const match = query.get("resourceVersionMatch") ?? "";
  if (sendInitial !== null && match !== "NotOlderThan") {
    throw forbidMatch("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  }
  if (sendInitial === null && match !== "") {
    throw forbidMatch("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  }
  if (isTrue(sendInitial)) return { initial: true, markEnd: bookmarks, since: Math.max(asked ?? 0, revision) };
  if (asked === undefined || asked === 0) {
    return { initial: sendInitial === null, markEnd: bookmarks && asked === 0, since: revision };
  }
  return { initial: false, markEnd: false, since: asked };
}

function isTrue(value: string | null): boolean {
  return value === "true" || value === "1";
}

function timeoutOf(query: URLSearchParams): number {
  const seconds = Number(query.get("timeoutSeconds") ?? 0);
  return seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : MIN_TIMEOUT_S * (1 + Math.random()) * 1000;
}

/**
 * All watches of one server, so that they end with it and tests can break them. Those of custom resources also end when
 * their definition changes, as on a real server.
 */
export class Watches {
  readonly #kernel: Kernel;
  readonly #open = new Set<Watch>();
  /** Whether a watch may begin with what there is, in place of a list. Servers before Kubernetes 1.32 refuse that. */
  streamsLists = true;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.storage.subscribe(({ object, previous }) => {
      if (previous === undefined || equalJson(object["spec"], previous["spec"])) return;
      for (const watch of this.#open) if (watch.table === object.metadata.name) watch.end();
    }, "customresourcedefinitions.apiextensions.k8s.io");
  }

  /** Answers with a stream of events. Throws a StatusError before anything is written. */
  serve(request: WatchRequest, response: ServerResponse): void {
    const { query } = request;
    const matches = selectorOf(query, request.definition);
    if (!this.streamsLists && query.has("sendInitialEvents")) throw forbidStreaming();
    const start = startOf(query, this.#kernel.storage.revision);
    const watch = new Watch(this.#kernel, { ...request, matches }, query, response);
    this.#open.add(watch);
    response.once("close", () => {
      watch.stop();
      this.#open.delete(watch);
    });
    watch.begin(start);
  }

  /** Ends open watches of one table, or of all, with an ERROR event that carries 410. */
  expire(table?: string): void {
    for (const watch of this.#open) if (table === undefined || watch.table === table) watch.expire();
  }

  /** Ends all watches without a word, as a server that goes away. */
  closeAll(): void {
    for (const watch of this.#open) watch.end();
  }
}

class Watch {
  readonly #kernel: Kernel;
  readonly #view: WatchView;
  readonly #query: URLSearchParams;
  readonly #response: ServerResponse;
  readonly #encoder: WatchEncoder;
  readonly #timers: NodeJS.Timeout[] = [];
  #unsubscribe: () => void = () => undefined;
  #lastRevision = 0;
  #since = 0;
  /** How much may pile up. */
  #mostBuffered = MAX_BUFFERED;
  #stopped = false;
  /** What is still to be sent, when a webhook converts it first. */
  #pending: Promise<void> = Promise.resolve();

  constructor(kernel: Kernel, view: WatchView, query: URLSearchParams, response: ServerResponse) {
    this.#kernel = kernel;
    this.#view = view;
    this.#query = query;
    this.#response = response;
    this.#encoder = new WatchEncoder(kernel, view);
  }

  get table(): string {
    return this.#view.definition.table;
  }

  begin(start: Start): void {
    const { storage } = this.#kernel;
    this.#since = start.since;
    this.#response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
    this.#response.flushHeaders();
    if (start.initial) this.#sendState();
    if (start.markEnd) this.#bookmark(true);
    if (!start.initial && !this.#sendBacklog(start.since)) return;
    this.#unsubscribe = storage.subscribe((event) => {
      if (event.revision > this.#since) this.#follow(event);
    }, this.table);
    this.#armTimers();
  }

  /** Takes a step after those before it: at once, unless a webhook converts what is sent and takes its time. */
  #inOrder(step: () => Soon<void>): void {
    if (this.#view.definition.conversion.by === "server") void step();
    else this.#pending = this.#pending.then(() => (this.#stopped ? undefined : step())).catch(this.#fail.bind(this));
  }

  #sendState(): void {
    const { definition, namespace, matches } = this.#view;
    const stored = this.#kernel.storage.list(definition.table, namespace);
    this.#inOrder(() =>
      whenReady(servedForms(definition, stored), (objects) => {
        this.#mostBuffered = Infinity;
        for (const object of objects) if (matches(object)) this.#send({ type: "ADDED", object });
        this.#mostBuffered = this.#response.writableLength + MAX_BUFFERED;
      }),
    );
  }

  #sendBacklog(since: number): boolean {
    try {
      for (const event of this.#kernel.storage.eventsSince(this.table, since)) this.#follow(event);
      return true;
    } catch (thrown) {
      this.#fail(thrown);
      return false;
    }
  }

  #follow({ type, object, previous }: StorageEvent): void {
    const { definition, namespace } = this.#view;
    if (namespace !== undefined && object.metadata.namespace !== namespace) return;
    const states = previous === undefined ? [object] : [object, previous];
    this.#inOrder(() =>
      whenReady(servedForms(definition, states), ([after, before]) =>
        this.#send(visible(this.#view, type, after!, before)),
      ),
    );
  }

  #fail(thrown: unknown): void {
    if (!(thrown instanceof StatusError)) throw thrown;
    this.stop();
    this.#response.end(line("ERROR", thrown.status));
  }

  #send(event: VisibleEvent | undefined): void {
    if (event === undefined || this.#stopped) return;
    if (this.#response.writableLength > this.#mostBuffered) {
      this.stop();
      this.#response.destroy();
      return;
    }
    this.#lastRevision = Number(event.object.metadata.resourceVersion);
    this.#response.write(this.#encoder.event(event.type, event.object));
  }

  #bookmark(initialEnd: boolean): void {
    const revision = Math.max(this.#since, this.#kernel.storage.revision);
    this.#inOrder(() => {
      this.#lastRevision = revision;
      this.#response.write(this.#encoder.bookmark(revision, initialEnd));
    });
  }

  #armTimers(): void {
    const timeout = timeoutOf(this.#query);
    this.#timers.push(setTimeout(() => this.end(), timeout));
    if (!isTrue(this.#query.get("allowWatchBookmarks"))) return;
    const every = setInterval(() => this.#bookmark(false), BOOKMARK_EVERY_MS);
    const last = setTimeout(
      () => {
        if (this.#kernel.storage.revision > this.#lastRevision) this.#bookmark(false);
      },
      Math.max(0, timeout - LAST_BOOKMARK_MS),
    );
    this.#timers.push(every, last);
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  end(): void {
    this.stop();
    this.#response.end();
  }

  expire(): void {
    this.stop();
    const message = `too old resource version: ${this.#since} (${this.#kernel.storage.revision})`;
    this.#response.end(line("ERROR", new StatusError(410, "Expired", message).status));
  }
}
