import type { Refusal } from "../allocator/refusal.ts";
import { explainRefusal, refusalReason } from "../allocator/refusal.ts";
import type { ServiceCondition, ServiceView } from "../config/service.ts";
import { ALLOCATED_CONDITION, POOL_ANNOTATION } from "../config/service.ts";
import type { IpAddress } from "../ip/address.ts";
import { familyOf, formatAddress, parseAddress } from "../ip/address.ts";
import type { KubeEvent } from "../ports/kube.ts";
import { rfc3339 } from "../reporting/rfc3339.ts";
import { keyOfService } from "./service-key.ts";
import type { ServicePlan } from "./service-plan.ts";
import { shownAddresses } from "./service-request.ts";

/** One write to a Service and what to tell its owner once it is done. */
export interface StatusUpdate {
  /** Merge patch (RFC 7386) for the status subresource; it names the version it was made for. */
  readonly patch: object;
  readonly events: readonly Omit<KubeEvent, "regarding">[];
}

type Condition = Pick<ServiceCondition, "status" | "reason" | "message">;
type PlannedEvent = StatusUpdate["events"][number];

/** The old prefix of our annotations. */
const DEPRECATED_PREFIX = "metallb.universe.tf/";

/** Event reasons that differ from `AllocationFailed`. */
const EVENT_REASONS: Partial<Record<Refusal["code"], string>> = {
  "request-malformed": "LoadBalancerFailed",
  "request-contradictory": "LoadBalancerFailed",
  "dual-stack-impossible": "not enough clusterips",
  "cluster-ip-missing": "noclusterIPsIPFamily",
};

/** Refusals that leave a Service on an address with others that it may not share it with. */
const SHARING_REASONS: ReadonlySet<string> = new Set(
  (["address-in-use", "sharing-key-conflict", "backend-conflict"] as const).map(refusalReason),
);

/** How good a Service's claim to what its status shows is, by what was last reported: lower is better. */
export function claimStanding({ conditions }: ServiceView): 0 | 1 | 2 {
  const condition = conditions.find(({ type }) => type === ALLOCATED_CONDITION);
  if (condition?.status !== "False") return 0;
  return SHARING_REASONS.has(condition.reason) ? 2 : 1;
}

/**
 * What must be written so that the Service shows its plan; undefined when it does. The status is also the memory of
 * what was reported: an event is due when, and only when, something of it changes, so restarts repeat nothing.
 * `now` is RFC 3339.
 */
export function statusUpdate(service: ServiceView, plan: ServicePlan, now: string): StatusUpdate | undefined {
  const ingress = ingressPatch(service, plan);
  const annotation = annotationPatch(service, plan);
  const old = service.conditions.find(({ type }) => type === ALLOCATED_CONDITION);
  const condition = conditionFor(plan);
  const conditions = conditionsPatch(service, old, condition, ingress !== undefined || annotation !== undefined, now);
  if (ingress === undefined && annotation === undefined && conditions === undefined) return undefined;
  const metadata = { resourceVersion: service.resourceVersion, ...annotation };
  const status = { ...ingress, ...(conditions === undefined ? {} : { conditions }) };
  return {
    patch: { metadata, status },
    events: eventsFor(service, plan, conditions !== undefined && !sameReport(old, condition)),
  };
}

/**
 * Conditions that say the same, in a new version of the object: ours is stamped anew. A Service that has none of ours is
 * told that its turn comes.
 */
export function renewedConditions({ conditions }: ServiceView, now: string): readonly ServiceCondition[] {
  const old = conditions.find(({ type }) => type === ALLOCATED_CONDITION);
  const others = conditions.filter(({ type }) => type !== ALLOCATED_CONDITION);
  const message = "a new leader takes over and is about to decide";
  const ours = old ?? { type: ALLOCATED_CONDITION, status: "Unknown", reason: "LeaderChanged", message };
  const lastTransitionTime = old?.lastTransitionTime === now ? oneSecondAfter(now) : now;
  return [...others, { ...ours, lastTransitionTime }];
}

function ingressPatch(service: ServiceView, { addresses }: ServicePlan): object | undefined {
  const wanted = addresses.map(formatAddress);
  const same = service.ingress.length === wanted.length && service.ingress.every(({ ip }, i) => ip === wanted[i]);
  if (same) return undefined;
  return { loadBalancer: { ingress: wanted.length === 0 ? null : wanted.map((ip) => ({ ip })) } };
}

function annotationPatch(service: ServiceView, { pool }: ServicePlan): object | undefined {
  if (service.annotations[POOL_ANNOTATION] === pool) return undefined;
  return { annotations: { [POOL_ANNOTATION]: pool ?? null } };
}

/**
 * The whole new list, since a merge patch replaces lists. A Service that has all it wants gets the condition only with
 * another write: without it nothing is wrong either.
 */
function conditionsPatch(
  service: ServiceView,
  old: ServiceCondition | undefined,
  wanted: Condition | undefined,
  otherChanges: boolean,
  now: string,
): readonly ServiceCondition[] | null | undefined {
  if (sameReport(old, wanted)) return undefined;
  if (old === undefined && wanted?.reason === "Allocated" && !otherChanges) return undefined;
  const others = service.conditions.filter(({ type }) => type !== ALLOCATED_CONDITION);
  if (wanted === undefined) return others.length === 0 ? null : others;
  const lastTransitionTime = old?.status === wanted.status ? old.lastTransitionTime : now;
  return [...others, { type: ALLOCATED_CONDITION, ...wanted, lastTransitionTime }];
}

function sameReport(a: Condition | undefined, b: Condition | undefined): boolean {
  return a?.status === b?.status && a?.reason === b?.reason && a?.message === b?.message;
}

function conditionFor(plan: ServicePlan): Condition | undefined {
  const { addresses, refusal, missing, pool } = plan;
  if (refusal !== undefined) {
    const keeping = addresses.length === 0 ? "" : `keeping ${addresses.map(formatAddress).join(" and ")}: `;
    return { status: "False", reason: refusalReason(refusal.code), message: keeping + explainRefusal(refusal) };
  }
  if (addresses.length === 0) return undefined;
  const message = `${addresses.map(formatAddress).join(" and ")} from pool ${pool}`;
  if (missing === undefined) return { status: "True", reason: "Allocated", message };
  return { status: "True", reason: "OneFamilyAllocated", message: `${message}; ${explainRefusal(missing)}` };
}

function eventsFor(service: ServiceView, plan: ServicePlan, newReport: boolean): readonly PlannedEvent[] {
  const shown = shownAddresses(service);
  const added = plan.addresses.filter((address) => !shown.includes(address));
  const kept = plan.addresses.length - added.length;
  const key = JSON.stringify(keyOfService(service));
  const events: PlannedEvent[] = [...familyEvents(service, key)];
  for (const { address, reason } of plan.lost)
    if (shown.includes(address))
      events.push(
        event(
          "Normal",
          "ClearAssignment",
          `current IP ${list([address])} of ${key} is given up: ${explainRefusal(reason)}`,
        ),
      );
  if (added.length > 0)
    events.push(event("Normal", "IPAllocated", `Assigned ${kept > 0 ? "additional " : ""}IP ${list(added)}`));
  if (newReport) events.push(...reportEvents(plan, key));
  if (plan.addresses.length > 0 || plan.refusal !== undefined) events.push(...deprecationEvents(service));
  return events;
}

/** A status that we could not have written: its addresses are unreadable, or not one per family. It is being replaced. */
function familyEvents({ ingress }: ServiceView, key: string): readonly PlannedEvent[] {
  const texts = ingress.map(({ ip }) => ip).filter((ip) => ip !== "");
  const families = texts.map(parseAddress).map((address) => (address === undefined ? "?" : familyOf(address)));
  if (!families.includes("?") && new Set(families).size === families.length) return [];
  const shown = texts.map((text) => JSON.stringify(text)).join(" ");
  return [event("Warning", "nolbIPsIPFamily", `the IPs [${shown}] of ${key} are not one per family`)];
}

function reportEvents({ refusal, missing, addresses }: ServicePlan, key: string): readonly PlannedEvent[] {
  if (missing !== undefined)
    return [event("Normal", "AdditionalAssignFailed", `no additional IP for ${key}: ${explainRefusal(missing)}`)];
  if (refusal === undefined) return [];
  const kept = addresses.length === 0 ? "" : `, keeping ${list(addresses)}`;
  const reason = EVENT_REASONS[refusal.code] ?? "AllocationFailed";
  return [event("Warning", reason, `Failed to allocate IP for ${key}${kept}: ${explainRefusal(refusal)}`)];
}

function deprecationEvents(service: ServiceView): readonly PlannedEvent[] {
  return Object.keys(service.annotations)
    .filter((key) => key.startsWith(DEPRECATED_PREFIX))
    .map((key) => {
      const name = key.slice(DEPRECATED_PREFIX.length);
      return event("Warning", "deprecatedAnnotation", `annotation ${key} is deprecated; use metallb.io/${name}`);
    });
}

function event(type: KubeEvent["type"], reason: string, message: string): PlannedEvent {
  return { type, reason, message };
}

/** `["10.0.0.1" "fd00::1"]`: texts as Go prints a list with `%q`, which is what scripts match. */
function list(addresses: readonly IpAddress[]): string {
  return `[${addresses.map((address) => JSON.stringify(formatAddress(address))).join(" ")}]`;
}

function oneSecondAfter(time: string): string {
  return rfc3339(Date.parse(time) + 1000);
}
