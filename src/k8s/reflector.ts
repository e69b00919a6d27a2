import { backoffDelay } from "../lib/backoff.ts";
import { type Millis, millis, seconds } from "../lib/duration.ts";
import { BugError } from "../lib/errors.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { KubeError, KubeObject, KubeWatcher, ObjectKey, WatchOptions, WatchSink } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";
import type { KubeEndpoint } from "./endpoint.ts";
import { unexpectedAnswer } from "./kube-error.ts";
import { KnownVersions } from "./known-versions.ts";
import { LIST_LIMIT, parsePage } from "./page.ts";
import { collectionPath, queryString } from "./paths.ts";
import { parseWatchEvent, type WatchEvent } from "./watch-event.ts";
import {
  type Attempt,
  attemptOf,
  INITIAL_STATE,
  NO_INITIAL_END,
  type Outcome,
  RETRY,
  step,
  type WatchState,
} from "./watch-state.ts";
import { createWatchTransport, type WatchTransport } from "./watch-transport.ts";

/** The server ends a watch after a random time in this range, so that a fleet's watches don't restart together. */
const MIN_WATCH_SECONDS = 300;
const MAX_WATCH_SECONDS = 600;

/** Past the server's own end of a watch by this much, the connection is dead. */
const WATCHDOG_GRACE = seconds(30);

/** A streaming list that is quiet for this long without marking its end comes from a server that doesn't know how. */
const INITIAL_QUIET = seconds(10);

export interface ReflectorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Keeps sinks equal to the API server's state: one connection per watch, streaming lists where the server has them,
 * bookmarks, and a restart policy that neither gives up nor hurries. An exception of a projection or a sink is a bug
 * and is thrown with its context, which ends the process.
 */
export function createKubeWatcher(endpoint: KubeEndpoint, deps: ReflectorDeps): KubeWatcher {
  return { watch: (options, sink) => startReflector(createWatchTransport(endpoint), deps, options, sink) };
}

/** One watch over a given transport. */
export function startReflector<T>(
  transport: WatchTransport,
  deps: ReflectorDeps,
  options: WatchOptions<T>,
  sink: WatchSink<T>,
): { close(): void } {
  const reflector = new Reflector(transport, deps, options, sink);
  reflector.start();
  return reflector;
}

class Reflector<T> {
  readonly #transport: WatchTransport;
  readonly #deps: ReflectorDeps;
  readonly #options: WatchOptions<T>;
  readonly #sink: WatchSink<T>;
  readonly #known = new KnownVersions();
  #state: WatchState = INITIAL_STATE;
  /** The version of the last thing that was told, while everything before it has been told too. */
  #resourceVersion: string | undefined;
  #synced = false;
  #openedAt: Millis | undefined;
  #exchange: { cancel(): void } | undefined;
  #watchdog: Timer | undefined;
  #quietTimer: Timer | undefined;
  #retryTimer: Timer | undefined;
  #troubleLogged: string | undefined;

  constructor(transport: WatchTransport, deps: ReflectorDeps, options: WatchOptions<T>, sink: WatchSink<T>) {
    this.#transport = transport;
    this.#deps = { ...deps, log: deps.log.with({ resource: options.resource.plural }) };
    this.#options = options;
    this.#sink = sink;
  }

  start(): void {
    this.#try(attemptOf(this.#state));
  }

  close(): void {
    this.#stopExchange();
    this.#retryTimer?.cancel();
    this.#transport.close();
  }

  #try(attempt: Attempt): void {
    this.#openedAt = undefined;
    this.#resourceVersion = attempt.do === "watch" ? attempt.from : undefined;
    if (attempt.do !== "watch") this.#known.beginList();
    if (attempt.do === "list") this.#listPage(attempt, undefined);
    else this.#stream(attempt);
  }

  #listPage(attempt: Attempt & { readonly do: "list" }, continueToken: string | undefined): void {
    const path = this.#path({ limit: attempt.pages ? String(LIST_LIMIT) : undefined, continue: continueToken });
    this.#exchange = this.#transport.get(path, (body) => {
      const page = body.ok ? parsePage(body.value) : body;
      if (!page.ok) return this.#finish(attempt, this.#failure(page.error));
      for (const object of page.value.items) this.#tell(object);
      if (page.value.continueToken !== undefined) return this.#listPage(attempt, page.value.continueToken);
      this.#completeList(page.value.resourceVersion);
      this.#finish(attempt, { on: "listed", resourceVersion: page.value.resourceVersion });
    });
  }

  #stream(attempt: Attempt & { readonly do: "stream-list" | "watch" }): void {
    const timeout = Math.floor(
      MIN_WATCH_SECONDS + this.#deps.random.next() * (MAX_WATCH_SECONDS - MIN_WATCH_SECONDS + 1),
    );
    const lists = attempt.do === "stream-list";
    const path = this.#path({
      watch: "true",
      allowWatchBookmarks: "true",
      timeoutSeconds: String(timeout),
      resourceVersion: lists ? undefined : attempt.from,
      sendInitialEvents: lists ? "true" : undefined,
      resourceVersionMatch: lists ? "NotOlderThan" : undefined,
    });
    this.#watchdog = this.#deps.clock.after(millis(seconds(timeout) + WATCHDOG_GRACE), () =>
      this.#finish(attempt, this.#failure(unexpectedAnswer("ETIMEDOUT", "the server did not end the watch in time"))),
    );
    this.#exchange = this.#transport.stream(path, {
      opened: () => {
        this.#openedAt = this.#deps.clock.now();
        if (lists) this.#expectInitialEnd(attempt);
        else this.#healed();
      },
      line: (text) => this.#line(attempt, text),
      ended: (error) =>
        this.#finish(
          attempt,
          error === undefined
            ? { on: "ended", resourceVersion: this.#resourceVersion, lasted: this.#lasted() }
            : this.#failure(error),
        ),
    });
  }

  #line(attempt: Attempt, text: string): void {
    const event = parseWatchEvent(text);
    if (!event.ok) return this.#finish(attempt, this.#failure(event.error));
    if (event.value.type === "error") return this.#finish(attempt, this.#failure(event.value.error));
    this.#take(event.value);
    if (this.#quietTimer !== undefined) this.#expectInitialEnd(attempt);
  }

  #take(event: Exclude<WatchEvent, { readonly type: "error" }>): void {
    switch (event.type) {
      case "set":
        this.#tell(event.object);
        return this.#advance(event.object.metadata.resourceVersion);
      case "delete":
        this.#tellDeleted(keyOf(event.object));
        return this.#advance(event.object.metadata.resourceVersion);
      case "bookmark":
        if (event.initialEnd) this.#completeList(event.resourceVersion);
        return this.#advance(event.resourceVersion);
    }
  }

  /** Only a complete list can be resumed from. */
  #advance(resourceVersion: string | undefined): void {
    if (this.#resourceVersion !== undefined) this.#resourceVersion = resourceVersion ?? this.#resourceVersion;
  }

  #completeList(resourceVersion: string): void {
    this.#quietTimer?.cancel();
    this.#quietTimer = undefined;
    this.#resourceVersion = resourceVersion;
    for (const key of this.#known.endList()) this.#guard(key, () => this.#sink.delete(key));
    this.#healed();
    if (this.#synced) return;
    this.#synced = true;
    this.#deps.log.debug({ objects: this.#known.size }, "first list complete");
    this.#guard("", () => this.#sink.synced());
  }

  #expectInitialEnd(attempt: Attempt): void {
    this.#quietTimer?.cancel();
    this.#quietTimer = this.#deps.clock.after(INITIAL_QUIET, () =>
      this.#finish(attempt, this.#failure(unexpectedAnswer(NO_INITIAL_END, "no end of the initial events"))),
    );
  }

  #tell(object: KubeObject): void {
    const key = keyOf(object);
    if (!this.#known.set(key, object.metadata.resourceVersion)) return;
    this.#guard(key, () => this.#sink.set(key, this.#options.project(object)));
  }

  #tellDeleted(key: ObjectKey): void {
    if (this.#known.delete(key)) this.#guard(key, () => this.#sink.delete(key));
  }

  #guard(key: ObjectKey, act: () => void): void {
    try {
      act();
    } catch (cause) {
      this.close();
      throw new BugError(`handling ${this.#options.resource.kind} ${key} threw`, { cause });
    }
  }

  #finish(attempt: Attempt, outcome: Outcome): void {
    this.#stopExchange();
    const { state, attempt: next, backoff, notBefore } = step(this.#state, attempt, outcome);
    this.#state = state;
    if (outcome.on === "failed") this.#trouble(attempt, outcome.error);
    const delay = backoff ? backoffDelay(RETRY, Math.max(0, state.failures - 1), this.#deps.random.next()) : 0;
    this.#retryTimer = this.#deps.clock.after(millis(Math.max(delay, notBefore)), () => this.#try(next));
  }

  #stopExchange(): void {
    this.#exchange?.cancel();
    this.#exchange = undefined;
    this.#watchdog?.cancel();
    this.#quietTimer?.cancel();
    this.#quietTimer = undefined;
  }

  #failure(error: KubeError): Outcome {
    return { on: "failed", error, resourceVersion: this.#resourceVersion, lasted: this.#lasted() };
  }

  #lasted(): Millis {
    return millis(this.#openedAt === undefined ? 0 : this.#deps.clock.now() - this.#openedAt);
  }

  /** One line when trouble begins or changes, none for each retry. Expired versions are everyday business. */
  #trouble(attempt: Attempt, error: KubeError): void {
    const fields = { op: attempt.do, code: error.code, reason: error.reason, error: error.message };
    if (error.code === 410 || (attempt.do === "stream-list" && !this.#state.streamsLists)) {
      this.#deps.log.debug(fields, "the API server wants a new list");
    } else if (this.#troubleLogged !== error.reason) {
      this.#troubleLogged = error.reason;
      this.#deps.log.warn(fields, "watch failed; retrying until it works");
    }
  }

  #healed(): void {
    if (this.#troubleLogged === undefined) return;
    this.#troubleLogged = undefined;
    this.#deps.log.info({}, "watch works again");
  }

  #path(parameters: Readonly<Record<string, string | undefined>>): string {
    const { resource, namespace, labelSelector, fieldSelector } = this.#options;
    return collectionPath(resource, namespace) + queryString({ ...parameters, labelSelector, fieldSelector });
  }
}

function keyOf(object: KubeObject): ObjectKey {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}
