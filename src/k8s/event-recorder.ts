import { randomInt } from "node:crypto";
import { type Millis, millis, seconds } from "../lib/duration.ts";
import { WorkQueue, type Handled } from "../lib/work-queue.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventRecorder, KubeClient, KubeError, KubeEvent, KubeResult, ResourceType } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";

const EVENT: ResourceType = { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true };

/** What API servers accept, in characters. */
const MAX_MESSAGE = 1024;
/** Events that wait to be sent. */
const MAX_PENDING = 8192;
/** Events whose repeats raise a count instead of making a new Event. */
const MAX_REMEMBERED = 4096;
/** API servers drop Events after an hour, so a later repeat is a new one. */
const REPEAT_WINDOW = seconds(3600);
/** Attempts at one event: some four minutes of a server that is away. */
const MAX_ATTEMPTS = 16;
const CONCURRENCY = 4;
/** Sustained rate and burst of requests. */
const PER_SECOND = 100;
const BURST = 1000;
const CLOSE_TIMEOUT = seconds(2);

/** How API servers say that roles don't allow something. */
const NOT_ALLOWED = /cannot \w+ resource "events"/;

export interface EventRecorderDeps {
  /** `metallb-controller` or `metallb-speaker` */
  readonly component: string;
  /** The node's or pod's name. */
  readonly host: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Occurrences of one event that are not sent yet. */
interface Pending {
  readonly event: KubeEvent;
  readonly firstAt: number;
  lastAt: number;
  count: number;
  attempts: number;
}

/** An Event that the API server has. */
interface Sent {
  readonly name: string;
  count: number;
  lastAt: number;
}

/**
 * Sends Events in the background: bounded, paced, and never in its caller's way. When more events come than can be sent,
 * new ones are dropped, and the log says so once.
 */
export function createEventRecorder(
  client: Pick<KubeClient, "create" | "patch">,
  deps: EventRecorderDeps,
): EventRecorder & {
  /** Sends what is pending, for at most two seconds. */
  close(): Promise<void>;
} {
  return new Recorder(client, deps);
}

class Recorder implements EventRecorder {
  readonly #client: Pick<KubeClient, "create" | "patch">;
  readonly #deps: EventRecorderDeps;
  readonly #pending = new Map<string, Pending>();
  readonly #sent = new Map<string, Sent>();
  readonly #queue: WorkQueue<string>;
  readonly #pace: Pace;
  #dropped = 0;
  #isRefused = false;
  #drained: (() => void) | undefined;

  constructor(client: Pick<KubeClient, "create" | "patch">, deps: EventRecorderDeps) {
    this.#client = client;
    this.#deps = deps;
    this.#pace = new Pace(deps.clock);
    this.#queue = new WorkQueue<string>({
      clock: deps.clock,
      random: { next: () => randomInt(2 ** 32) / 2 ** 32 },
      concurrency: CONCURRENCY,
      handle: (key) => this.#send(key),
    });
  }

  record(event: KubeEvent): void {
    const key = keyOf(event);
    const now = this.#deps.clock.wallTime();
    const waiting = this.#pending.get(key);
    if (waiting !== undefined) {
      waiting.count++;
      waiting.lastAt = now;
      return;
    }
    if (this.#pending.size >= MAX_PENDING) return this.#drop();
    this.#pending.set(key, { event, firstAt: now, lastAt: now, count: 1, attempts: 0 });
    this.#queue.add(key);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#deps.clock.after(CLOSE_TIMEOUT, resolve);
      const drained = new Promise<void>((done) => {
        this.#drained = done;
        if (this.#pending.size === 0) done();
      });
      void drained
        .then(() => this.#queue.close())
        .then(() => {
          timer.cancel();
          resolve();
        });
    });
    void this.#queue.close();
  }

  #drop(): void {
    this.#dropped++;
    if (this.#dropped === 1)
      this.#deps.log.warn({ pending: this.#pending.size }, "too many events are waiting to be sent; dropping new ones");
  }

  async #send(key: string): Promise<Handled> {
    await this.#pace.turn();
    const pending = this.#pending.get(key);
    if (pending === undefined) return "done";
    // Taken out first: what is recorded while the request runs is counted anew.
    this.#pending.delete(key);
    const answer = await this.#deliver(key, pending);
    if (answer.ok) return this.#done();
    const { error } = answer;
    pending.attempts++;
    if (!error.retryable || pending.attempts >= MAX_ATTEMPTS) {
      this.#giveUp(pending.event, error);
      return this.#done();
    }
    this.#putBack(key, pending);
    return error.retryAfter === undefined ? "retry" : { retryAfter: error.retryAfter };
  }

  /** That there is no permission at all is said once. Namespaces that go away take no events either, which bothers no one. */
  #giveUp(event: KubeEvent, { code, reason, message }: KubeError): void {
    const { log } = this.#deps;
    const fields = { event: event.reason, code, reason, error: message };
    if (this.#isRefused || code !== 403 || !NOT_ALLOWED.test(message)) return log.debug(fields, "event not sent");
    this.#isRefused = true;
    log.warn(fields, `no permission to write events, so people don't see what happened: ${message}`);
  }

  /** What came meanwhile joins what could not be sent. */
  #putBack(key: string, failed: Pending): void {
    const newer = this.#pending.get(key);
    if (newer !== undefined) {
      failed.count += newer.count;
      failed.lastAt = newer.lastAt;
    }
    this.#pending.set(key, failed);
  }

  #done(): "done" {
    if (this.#pending.size < MAX_PENDING / 2 && this.#dropped > 0) {
      this.#deps.log.warn({ dropped: this.#dropped }, "events were dropped; sending again");
      this.#dropped = 0;
    }
    if (this.#pending.size === 0) this.#drained?.();
    return "done";
  }

  async #deliver(key: string, pending: Pending): Promise<KubeResult<unknown>> {
    const sent = this.#sent.get(key);
    if (sent !== undefined && pending.lastAt - sent.lastAt < REPEAT_WINDOW) {
      const repeated = await this.#repeat(sent, pending);
      if (repeated.ok || repeated.error.code !== 404) return repeated;
    }
    return this.#first(key, pending);
  }

  async #repeat(sent: Sent, pending: Pending): Promise<KubeResult<unknown>> {
    const count = sent.count + pending.count;
    const body = { count, lastTimestamp: timestamp(pending.lastAt) };
    const name = { namespace: namespaceOf(pending.event), name: sent.name };
    const answer = await this.#client.patch(EVENT, name, { type: "merge", body });
    if (answer.ok) {
      sent.count = count;
      sent.lastAt = pending.lastAt;
    }
    return answer;
  }

  async #first(key: string, pending: Pending): Promise<KubeResult<unknown>> {
    const body = eventObject(pending, this.#deps);
    const answer = await this.#client.create(EVENT, body, { namespace: body.metadata.namespace });
    if (answer.ok) this.#remember(key, { name: body.metadata.name, count: pending.count, lastAt: pending.lastAt });
    return answer;
  }

  #remember(key: string, sent: Sent): void {
    this.#sent.delete(key);
    this.#sent.set(key, sent);
    if (this.#sent.size <= MAX_REMEMBERED) return;
    const oldest = this.#sent.keys().next();
    if (!oldest.done) this.#sent.delete(oldest.value);
  }
}

/** A bucket of tokens, one per request. */
class Pace {
  readonly #clock: Clock;
  #tokens = BURST;
  #filledAt: Millis;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#filledAt = clock.now();
  }

  /** Resolves when the next request may be sent. */
  async turn(): Promise<void> {
    const now = this.#clock.now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#filledAt) * PER_SECOND) / 1000) - 1;
    this.#filledAt = now;
    if (this.#tokens >= 0) return;
    const wait = millis(Math.ceil((-this.#tokens * 1000) / PER_SECOND));
    await new Promise<void>((resolve) => this.#clock.after(wait, resolve));
  }
}

function keyOf(event: KubeEvent): string {
  const { kind, namespace, name, uid } = event.regarding;
  return JSON.stringify([kind, namespace, name, uid, event.type, event.reason, event.message]);
}

/** Events about cluster-scoped objects live in `default`. */
function namespaceOf(event: KubeEvent): string {
  return event.regarding.namespace || "default";
}

function eventObject(pending: Pending, deps: EventRecorderDeps) {
  const { event } = pending;
  const { namespace, ...rest } = event.regarding;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: eventName(event.regarding.name, pending.firstAt), namespace: namespaceOf(event) },
    involvedObject: namespace === "" ? rest : { ...rest, namespace },
    reason: event.reason,
    message: shortened(event.message),
    type: event.type,
    source: { component: deps.component, host: deps.host },
    firstTimestamp: timestamp(pending.firstAt),
    lastTimestamp: timestamp(pending.lastAt),
    count: pending.count,
    reportingComponent: deps.component,
    reportingInstance: deps.host,
  };
}

/** `<object>.<nanoseconds in hex>` as client-go names Events; the digits below a millisecond are random. */
function eventName(object: string, at: number): string {
  const nanoseconds = BigInt(Math.trunc(at)) * 1_000_000n + BigInt(randomInt(1_000_000));
  return `${object.slice(0, 230)}.${nanoseconds.toString(16)}`;
}

/** RFC 3339 to the second, as metav1.Time has it. */
function timestamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

function shortened(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE - 1)}…`;
}
