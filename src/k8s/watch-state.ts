import type { BackoffOptions } from "../lib/backoff.ts";
import { millis, seconds, type Millis } from "../lib/duration.ts";
import type { KubeError } from "../ports/kube.ts";

/** What a reflector knows between two attempts. */
export interface WatchState {
  /** Everything up to here has been told; undefined: the next attempt must list. */
  readonly resourceVersion: string | undefined;
  /** The server answers a watch with the complete list first (WatchList, Kubernetes 1.32; off by default before). */
  readonly streamsLists: boolean;
  /** Lists are asked for in pages. Given up when a list expired before its last page was fetched. */
  readonly pages: boolean;
  /** Attempts in a row that did not last; 0 when the last one did. */
  readonly failures: number;
}

export type Attempt =
  | { readonly do: "stream-list" }
  | { readonly do: "list"; readonly pages: boolean }
  | { readonly do: "watch"; readonly from: string };

/** How an attempt went. `resourceVersion` is the last one that was seen, `lasted` the time since the answer began. */
export type Outcome =
  | { readonly on: "listed"; readonly resourceVersion: string }
  /** The server closed the watch in good order, as it does after `timeoutSeconds`. */
  | { readonly on: "ended"; readonly resourceVersion: string | undefined; readonly lasted: Millis }
  | {
      readonly on: "failed";
      readonly error: KubeError;
      readonly resourceVersion: string | undefined;
      readonly lasted: Millis;
    };

export interface Step {
  readonly state: WatchState;
  readonly attempt: Attempt;
  /** Whether to wait for `backoffDelay(RETRY, failures - 1)` first. */
  readonly backoff: boolean;
  /** At least this long, as the server asked. */
  readonly notBefore: Millis;
}

export const RETRY: BackoffOptions = { first: millis(800), max: seconds(30), factor: 2, jitter: 0.5 };

/** So many streaming lists in a row may break off in the middle; then the list is asked for in pages. */
const BROKEN_STREAMS = 3;

/** A watch that held for this long was healthy: what ends it is no reason to be careful. Bounds the rate of attempts. */
const HEALTHY = seconds(5);

/** Our own reason for a stream that never marks the end of its initial events: servers that ignore the parameter. */
export const NO_INITIAL_END = "NoInitialEventsEnd";

export const INITIAL_STATE: WatchState = {
  resourceVersion: undefined,
  streamsLists: true,
  pages: true,
  failures: 0,
};

/** What to try first, or next when nothing stands against it. */
export function attemptOf(state: WatchState): Attempt {
  if (state.resourceVersion !== undefined) return { do: "watch", from: state.resourceVersion };
  return state.streamsLists ? { do: "stream-list" } : { do: "list", pages: state.pages };
}

/**
 * The restart policy. Total: every outcome of every attempt has a reaction, and none leads to two attempts in quick
 * succession without a limit: whatever doesn't last counts as a failure, and the second failure in a row waits.
 */
export function step(state: WatchState, attempt: Attempt, outcome: Outcome): Step {
  switch (outcome.on) {
    case "listed":
      return at({ ...state, resourceVersion: outcome.resourceVersion });
    case "ended":
      return ended(state, outcome);
    case "failed":
      return failed(state, attempt, outcome);
  }
}

function ended(state: WatchState, outcome: Outcome & { readonly on: "ended" }): Step {
  const failures = outcome.lasted >= HEALTHY ? 0 : state.failures + 1;
  return at({ ...state, failures, resourceVersion: outcome.resourceVersion }, failures > 0);
}

/** A streaming list that began, and ended before it was whole. */
function brokeOff({ resourceVersion, lasted }: Outcome & { readonly on: "failed" }): boolean {
  return resourceVersion === undefined && lasted > 0;
}

function failed(state: WatchState, attempt: Attempt, outcome: Outcome & { readonly on: "failed" }): Step {
  const { error, resourceVersion } = outcome;
  if (attempt.do === "stream-list" && isUnsupported(error)) return at({ ...state, streamsLists: false });
  const broken = attempt.do === "stream-list" && brokeOff(outcome);
  const before = outcome.lasted >= HEALTHY && !broken ? 0 : state.failures;
  const failures = before + 1;
  const isTooMuch = broken && failures >= BROKEN_STREAMS;
  const next = { ...state, failures, streamsLists: state.streamsLists && !isTooMuch };
  const notBefore = error.retryAfter ?? millis(0);
  if (isExpired(error)) {
    const pages = attempt.do === "list" ? false : state.pages;
    return at({ ...next, pages, resourceVersion: undefined }, before > 0, notBefore);
  }
  return at({ ...next, resourceVersion: canResume(error) ? resourceVersion : undefined }, true, notBefore);
}

function at(state: WatchState, backoff = false, notBefore = millis(0)): Step {
  return { state, attempt: attemptOf(state), backoff, notBefore };
}

/** 400, 406, 415, 422 …: the server doesn't know how. What concerns every request alike is left to the backoff. */
function isUnsupported(error: KubeError): boolean {
  if (error.reason === NO_INITIAL_END) return true;
  return error.code >= 400 && error.code < 500 && ![401, 403, 404, 408, 410, 429].includes(error.code);
}

function isExpired(error: KubeError): boolean {
  return error.code === 410;
}

/**
 * Whether a watch may go on from where it was. Not after an answer that speaks against the request itself, such as
 * 400, or 504 for a version the server has not reached: that version may come from a server that was restored since.
 */
function canResume(error: KubeError): boolean {
  if (error.code === 504) return false;
  return error.code < 400 || error.code === 429 || error.code >= 500;
}
