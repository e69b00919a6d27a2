import { type Millis, millis, seconds } from "../lib/duration.ts";
import type { LeaseRecord } from "./lease-record.ts";

/** How long a Lease of ours counts after a renewal. */
const LEASE_DURATION = seconds(4);
/**
 * How long the holder writes after it *sent* a renewal. Others count LEASE_DURATION from when they *saw* it, which is later:
 * the difference covers clocks that run at different speeds and requests that were just sent.
 */
export const WRITE_DURATION = seconds(3);
const RENEW_EVERY = seconds(1);

/** What a replica knows of the Lease. Times are of its own monotonic clock; nobody's wall clock decides anything. */
export interface LeaseState {
  /** What was seen last; undefined: nothing yet. */
  readonly seen: Sighting | undefined;
  /** Somebody else was faster, or the outcome of a write is unknown: the Lease must be read before the next step. */
  readonly doubt: boolean;
  /** We may not take the Lease before. Stands when the Lease is deleted, since its holder may not know. */
  readonly freeAt: Millis;
  /** Set while nobody else is known to have led since we did. */
  readonly held: Held | undefined;
}

interface Sighting {
  /** Undefined: there is none. */
  readonly lease: LeaseRecord | undefined;
  /** There was a Lease, and it was deleted. */
  readonly vanished: boolean;
}

interface Held {
  /** `leaseTransitions` of our time in office: the same number means that nobody came between. */
  readonly term: number;
  /** When the last successful renewal was sent; undefined: its answer was lost. */
  readonly sentAt: Millis | undefined;
}

export const UNKNOWN: LeaseState = { seen: undefined, doubt: false, freeAt: millis(0), held: undefined };

export type LeaseAction =
  | { readonly do: "read" }
  | { readonly do: "wait"; readonly until: Millis }
  | {
      readonly do: "write";
      readonly lease: Omit<LeaseRecord, "resourceVersion" | "acquireTime">;
      /** When we got it; undefined: now. */
      readonly acquireTime: string | undefined;
      /** The version that it replaces; undefined: it is created. */
      readonly replaces: string | undefined;
      /** The leader before us did not give the Lease back. */
      readonly unclean: boolean;
    };

/** What to do next. */
export function nextLeaseAction({ seen, doubt, freeAt, held }: LeaseState, me: string, now: Millis): LeaseAction {
  if (seen === undefined || doubt) return { do: "read" };
  const { lease, vanished } = seen;
  if (lease?.holder === me) {
    const renewAt = held?.sentAt === undefined ? now : millis(held.sentAt + RENEW_EVERY);
    if (now < renewAt) return { do: "wait", until: renewAt };
    const { transitions, acquireTime, resourceVersion } = lease;
    return write(me, { transitions, acquireTime, replaces: resourceVersion, unclean: false });
  }
  if (now < freeAt) return { do: "wait", until: freeAt };
  const transitions = lease === undefined ? 0 : lease.transitions + 1;
  const unclean = lease === undefined ? vanished : lease.holder !== "";
  return write(me, { transitions, acquireTime: undefined, replaces: lease?.resourceVersion, unclean });
}

/** The Lease was read, or a watch told of it, at `now`. Undefined: there is none. */
export function sawLease(state: LeaseState, lease: LeaseRecord | undefined, me: string, now: Millis): LeaseState {
  const before = state.seen;
  if (lease === undefined) {
    const vanished = before !== undefined && (before.lease !== undefined || before.vanished);
    return { seen: { lease, vanished }, doubt: false, freeAt: state.freeAt, held: undefined };
  }
  const sighting = { seen: { lease, vanished: false }, doubt: false };
  if (lease.holder === me) {
    const same = state.held?.term === lease.transitions;
    return { ...state, ...sighting, held: same ? state.held : { term: lease.transitions, sentAt: undefined } };
  }
  const known = before?.lease?.resourceVersion === lease.resourceVersion;
  const freeAt = lease.holder === "" ? now : known ? state.freeAt : millis(now + lease.duration);
  return { ...sighting, freeAt, held: undefined };
}

/** A write of ours, sent at `sentAt`, succeeded. */
export function wroteLease(lease: LeaseRecord, sentAt: Millis): LeaseState {
  return {
    seen: { lease, vanished: false },
    doubt: false,
    freeAt: millis(sentAt + lease.duration),
    held: { term: lease.transitions, sentAt },
  };
}

/** Somebody else was faster, or it is not known whether a write of ours succeeded. */
export function doubtLease(state: LeaseState): LeaseState {
  return { ...state, doubt: true };
}

function write(
  holder: string,
  rest: Pick<LeaseAction & { readonly do: "write" }, "acquireTime" | "replaces" | "unclean"> & {
    readonly transitions: number;
  },
): LeaseAction {
  const { transitions, ...others } = rest;
  return { do: "write", lease: { holder, duration: LEASE_DURATION, transitions }, ...others };
}
