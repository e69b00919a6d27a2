import type { Allocator } from "../../allocator/allocator.ts";
import { considerPools, describeVerdict } from "../../allocator/consider-pools.ts";
import type { Refusal } from "../../allocator/refusal.ts";
import { describeRefusal, refusalReason, refusingService } from "../../allocator/refusal.ts";
import type { ServiceView } from "../../config/service.ts";
import { ALLOCATED_CONDITION, isOurClass, POOL_ANNOTATION } from "../../config/service.ts";
import { keyOfService } from "../../controller/service-key.ts";
import { type ServicePlan } from "../../controller/service-plan.ts";
import { askedBy } from "../../controller/service-request.ts";
import { statusUpdate } from "../../controller/service-status.ts";
import type { IpAddress } from "../../ip/address.ts";
import { familyOf, formatAddress } from "../../ip/address.ts";
import type { Result } from "../../lib/result.ts";
import { rfc3339 } from "../../reporting/rfc3339.ts";
import type { LeadershipView, ReportedState } from "../cluster/controller-state.ts";
import type { Decisions } from "../cluster/decide.ts";
import { decide } from "../cluster/decide.ts";
import { poolUses } from "../cluster/pool-use.ts";
import { BgpPlans } from "../bgp/bgp-plans.ts";
import type { ReadBgp } from "../bgp/bgp-view.ts";
import { livePeersIn } from "../bgp/session-answers.ts";
import type { EventView } from "../cluster/event-view.ts";
import type { ReadLayer2 } from "../cluster/read-layer2.ts";
import type { ClusterSnapshot } from "../cluster/snapshot.ts";
import { Elections, type SpeakerSettings } from "../layer2/elections.ts";
import { askedFields } from "./asked-fields.ts";
import { explainBgp } from "./explain-bgp.ts";
import { explainController } from "./explain-controller.ts";
import { explainLayer2 } from "./explain-layer2.ts";
import type {
  ExplainedAddress,
  ExplainedDecision,
  ExplainedPool,
  ExplainedRefusal,
  Reason,
  ServiceExplanation,
  ShownStatus,
} from "./service-explanation.ts";
import { summarize } from "./summarize.ts";

/** What is known around the decision; an error says why something is not. */
export interface Surroundings {
  /** Those of the Service, latest last. */
  readonly events: Result<readonly EventView[], string>;
  readonly reported: Result<readonly ReportedState[], string>;
  /** Undefined: there is no Lease. */
  readonly leadership: Result<LeadershipView | undefined, string>;
  readonly layer2: ReadLayer2;
  readonly bgp: ReadBgp;
}

/** With the speakers' flags, of which `--lb-class` is the controller's, too. */
export interface ExplainSettings extends SpeakerSettings {
  /** Wall-clock milliseconds since 1970. */
  readonly now: number;
}

/** Explains what the controller would decide for `service`, which is one of the snapshot's, and what it shows. */
export function explainService(
  service: ServiceView,
  snapshot: ClusterSnapshot,
  around: Surroundings,
  settings: ExplainSettings,
): ServiceExplanation {
  const decisions = decide(snapshot, settings.loadBalancerClass);
  const plan = decisions.services.plan(keyOfService(service));
  const notServed = notServedReason(service, settings.loadBalancerClass);
  const decision =
    plan === undefined || notServed !== undefined ? undefined : explainDecision(plan, decisions, snapshot);
  const valid = decisions.issues.length === 0;
  const explanation = {
    service: keyOfService(service),
    served: notServed === undefined,
    ...(notServed === undefined ? {} : { notServed }),
    asked: askedFields(service),
    ...(decision === undefined ? {} : { decision }),
    pools: notServed === undefined && valid ? explainPools(service, decisions.allocator, plan?.addresses ?? []) : [],
    shown: shownStatus(service),
    differences: plan === undefined ? [] : differences(service, plan, rfc3339(settings.now)),
    configuration: { valid, issues: decisions.issues, reported: around.reported.ok ? around.reported.value : [] },
    controller: explainController(around.leadership, settings.now),
    ...announcedPart(service, snapshot, around, settings),
    events: around.events.ok ? around.events.value : [],
    notes: notes(snapshot, around),
  };
  return { summary: summarize(explanation), ...explanation };
}

function announcedPart(
  service: ServiceView,
  snapshot: ClusterSnapshot,
  { layer2: { view }, bgp, events, reported }: Surroundings,
  settings: SpeakerSettings,
): Pick<ServiceExplanation, "layer2" | "bgp"> {
  if (view === undefined || notServedReason(service, settings.loadBalancerClass) !== undefined) return {};
  const words = { events: events.ok ? events.value : [], reported: reported.ok ? reported.value : undefined };
  const layer2 = explainLayer2(service, view, new Elections(snapshot, view, settings), words);
  if (bgp.view === undefined) return { layer2 };
  const plans = new BgpPlans(snapshot, bgp.view, view, settings);
  return { layer2, bgp: explainBgp(service, view.nodes, bgp.view, plans, livePeersIn(view.live)) };
}

function notes({ namespace, pools }: ClusterSnapshot, around: Surroundings): readonly string[] {
  const parts = [around.events, around.reported, around.leadership];
  const unread = [
    ...parts.flatMap((part) => (part.ok ? [] : [`not read: ${part.error}`])),
    ...around.layer2.notes,
    ...around.bgp.notes,
  ];
  if (pools.length > 0) return unread;
  return [
    `no IPAddressPool in namespace ${namespace}: if MetalLB is installed in another one, give --namespace`,
    ...unread,
  ];
}

function notServedReason(service: ServiceView, ours: string): Reason | undefined {
  if (service.type !== "LoadBalancer") {
    const explanation = `its type is ${service.type || "not set"}, and only LoadBalancer Services get addresses`;
    return { explanation, fix: "set spec.type to LoadBalancer" };
  }
  if (isOurClass(service, ours)) return undefined;
  const { loadBalancerClass } = service;
  if (loadBalancerClass === undefined)
    return {
      explanation: `it has no loadBalancerClass, and a controller with --lb-class ${ours} serves only that class`,
      fix: `set spec.loadBalancerClass to ${ours}`,
    };
  const served =
    ours === ""
      ? "a controller without --lb-class serves only Services without a class"
      : `a controller with --lb-class ${ours} serves only that class`;
  const fix = `if your controller runs with --lb-class ${loadBalancerClass}, give the same to this command`;
  return { explanation: `its loadBalancerClass is ${loadBalancerClass}, and ${served}`, fix };
}

function explainDecision(plan: ServicePlan, decisions: Decisions, snapshot: ClusterSnapshot): ExplainedDecision {
  return {
    addresses: plan.addresses.map((address) => explainAddress(address, decisions, snapshot, plan)),
    ...(plan.refusal === undefined ? {} : { refusal: explainedRefusal(plan.refusal) }),
    ...(plan.missing === undefined ? {} : { missing: explainedRefusal(plan.missing) }),
    lost: plan.lost.map(({ address, reason }) => ({ address: formatAddress(address), ...explainedRefusal(reason) })),
  };
}

function explainAddress(
  address: IpAddress,
  { allocator, services }: Decisions,
  snapshot: ClusterSnapshot,
  own: ServicePlan,
): ExplainedAddress {
  const sharedWith = snapshot.services.flatMap((other) => {
    const plan = services.plan(keyOfService(other));
    if (plan === undefined || plan === own || !plan.addresses.includes(address)) return [];
    return [{ service: keyOfService(other), ports: plan.terms.ports, sharingKey: plan.terms.sharingKey }];
  });
  return {
    address: formatAddress(address),
    family: familyOf(address),
    pool: allocator.poolOf(address)?.name ?? "",
    sharedWith: sharedWith.sort((a, b) => (a.service < b.service ? -1 : 1)),
  };
}

function explainPools(
  service: ServiceView,
  allocator: Allocator,
  held: readonly IpAddress[],
): readonly ExplainedPool[] {
  const { request } = askedBy(service);
  const uses = poolUses(allocator);
  const considered = request.ok
    ? considerPools(allocator, request.value, held)
    : Array.from(allocator.pools.all(), ({ pool }) => ({
        pool: pool.name,
        verdict: { kind: "not-reached", refusal: request.error } as const,
      }));
  return considered.map(({ pool, verdict }) => ({
    pool,
    verdict: verdict.kind,
    ...("refusal" in verdict ? { code: verdict.refusal.code } : {}),
    ...describeVerdict(verdict),
    ...uses.get(pool)!,
  }));
}

function explainedRefusal(refusal: Refusal): ExplainedRefusal {
  const other = refusingService(refusal);
  return {
    code: refusal.code,
    reason: refusalReason(refusal.code),
    ...describeRefusal(refusal),
    ...(other === undefined ? {} : { otherService: other }),
  };
}

function shownStatus(service: ServiceView): ShownStatus {
  const condition = service.conditions.find(({ type }) => type === ALLOCATED_CONDITION);
  const pool = service.annotations[POOL_ANNOTATION];
  return {
    addresses: service.ingress.map(({ ip, hostname }) => ip || hostname),
    ...(pool === undefined ? {} : { pool }),
    ...(condition === undefined
      ? {}
      : {
          condition: {
            status: condition.status,
            reason: condition.reason,
            message: condition.message,
            lastTransitionTime: condition.lastTransitionTime,
          },
        }),
  };
}

/** Compares by what the controller would write. */
function differences(service: ServiceView, plan: ServicePlan, now: string): readonly string[] {
  const update = statusUpdate(service, plan, now);
  if (update === undefined) return [];
  const found: string[] = [];
  const shown = service.ingress.map(({ ip }) => ip);
  const wanted = plan.addresses.map(formatAddress);
  if (shown.join() !== wanted.join()) found.push(`the status shows ${some(shown)}, the decision is ${some(wanted)}`);
  const pool = service.annotations[POOL_ANNOTATION];
  if (pool !== plan.pool)
    found.push(`annotation ${POOL_ANNOTATION} is ${quoted(pool)}, it would be ${quoted(plan.pool)}`);
  const { conditions } = (
    update.patch as { readonly status: { readonly conditions?: ServiceView["conditions"] | null } }
  ).status;
  if (conditions !== undefined) {
    const [is, wouldBe] = [service.conditions, conditions ?? []].map(conditionText);
    found.push(`condition ${ALLOCATED_CONDITION} is ${is}, it would be ${wouldBe}`);
  }
  return found;
}

function quoted(pool: string | undefined): string {
  return pool === undefined ? "absent" : JSON.stringify(pool);
}

function conditionText(conditions: ServiceView["conditions"]): string {
  const condition = conditions.find(({ type }) => type === ALLOCATED_CONDITION);
  return condition === undefined ? "absent" : `${condition.status} (${condition.reason}: ${condition.message})`;
}

function some(addresses: readonly string[]): string {
  return addresses.length === 0 ? "no address" : addresses.join(" and ");
}
