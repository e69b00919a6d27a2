import type { Interceptor } from "./http/handler.ts";
import type { Watches } from "./rest/watch.ts";
import type { Status } from "./status.ts";
import { StatusError } from "./status.ts";
import type { Storage } from "./storage.ts";

/** A request for a resource, as tests see it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** `services`, `ipaddresspools.metallb.io` */
  readonly resource: string;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection` */
  readonly verb: string;
}

type Failure = {
  readonly predicate: (request: SeenRequest) => boolean;
  readonly code: number;
  readonly reason: string;
};

/** What tests can do to a running server that real clusters do by themselves, but rarely. */
export class TestHooks implements Interceptor {
  readonly #failures: Failure[] = [];
  readonly #counts = new Map<string, number>();
  readonly #storage: Storage;
  readonly #watches: Watches;

  constructor(storage: Storage, watches: Watches) {
    this.#storage = storage;
    this.#watches = watches;
  }

  /** Requests so far, by `verb resource`: `list services`. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Forgets history and ends open watches with 410, for one resource or all. */
  expireWatches(resource?: string): void {
    this.#storage.forgetHistory(resource);
    this.#watches.expire(resource);
  }

  /** Breaks all open watches without an ERROR event, as a server that goes away. */
  dropWatches(): void {
    this.#watches.closeAll();
  }

  /** From now on lists are streamed, or not, as by servers before Kubernetes 1.32. */
  streamLists(streams: boolean): void {
    this.#watches.streamsLists = streams;
  }

  /** Answers the next request that matches with a failure. */
  failNext(predicate: (request: SeenRequest) => boolean, code: number, reason: Status["reason"] = ""): void {
    this.#failures.push({ predicate, code, reason: reason ?? "" });
  }

  before(request: SeenRequest): void {
    const key = `${request.verb} ${request.resource}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    const index = this.#failures.findIndex(({ predicate }) => predicate(request));
    if (index === -1) return;
    const [{ code, reason }] = this.#failures.splice(index, 1) as [Failure];
    throw new StatusError(code, reason, `failure asked for by a test (${code})`);
  }
}
