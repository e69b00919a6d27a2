import type { ServiceId } from "../../allocator/request.ts";
import type { ConfigIssue } from "../../config/issues.ts";
import { formatIssue } from "../../config/issues.ts";
import type { NamespaceView } from "../../config/namespace.ts";
import { parsePools } from "../../config/parse-pools.ts";
import { validateConfig } from "../../config/validate.ts";
import type { ServiceView } from "../../config/service.ts";
import { POOL_ANNOTATION } from "../../config/service.ts";
import { keyOfService } from "../../controller/service-key.ts";
import type { ServicePlan } from "../../controller/service-plan.ts";
import { decide } from "../cluster/decide.ts";
import { type PoolUse, poolUses } from "../cluster/pool-use.ts";
import { settle } from "../cluster/settle.ts";
import type { ClusterSnapshot } from "../cluster/snapshot.ts";
import { counted } from "../render/words.ts";
import type { CollectedConfig } from "../validate/collect-config.ts";
import type { ConfigLists } from "../../config/config-kinds.ts";
import type { Overlay } from "./overlay.ts";
import type { PlanIssue, PlanReport, PoolChange } from "./plan-report.ts";
import { byGravity, type Holding, holdingOf, serviceChange } from "./service-changes.ts";
import { summarizePlan } from "./summarize-plan.ts";

/** A cluster and what is to become of its configuration. */
export interface PlanInput {
  readonly snapshot: ClusterSnapshot;
  /** The cluster's configuration. */
  readonly live: ConfigLists;
  readonly overlay: Overlay;
  /** The files that the change comes from. */
  readonly files: CollectedConfig;
  /** The controller's `--lb-class`. */
  readonly loadBalancerClass: string;
  /** Whether it takes over from a controller of another kind: Services have what they show, whoever gave it to them. */
  readonly takeover: boolean;
  /** What could not be read. */
  readonly notes: readonly string[];
}

/** Works out what the running controller would do if the configuration changed. */
export function planChanges(input: PlanInput): PlanReport {
  const { overlay, snapshot } = input;
  const issues = allIssues(input);
  const usable = parsePools(overlay.after.ipAddressPools, snapshot.namespaces).issues.length === 0;
  const valid = usable && issues.every(({ severity, isNew }) => severity === "warning" || !isNew);
  const effects = valid ? effectsOn(input) : NO_EFFECTS;
  const services = effects.changes.toSorted(byGravity);
  const report = {
    valid,
    disruptive: services.some(({ change }) => change === "lose" || change === "move"),
    issues,
    objects: overlay.changes,
    services,
    unchanged: effects.unchanged,
    stillPending: effects.stillPending,
    pools: effects.pools,
    notes: [...input.notes, ...notes(input, effects, usable)],
  };
  return { summary: summarizePlan(report), ...report };
}

interface Effects {
  readonly changes: PlanReport["services"];
  readonly unchanged: number;
  readonly stillPending: number;
  readonly pools: readonly PoolChange[];
  /** Services whose status differs from what the controller would decide without any change. */
  readonly unsettled: number;
  /** Whether the pools of the cluster could be used before the change. */
  readonly wasUsable: boolean;
}

const NO_EFFECTS: Effects = { changes: [], unchanged: 0, stillPending: 0, pools: [], unsettled: 0, wasUsable: true };

function effectsOn({ snapshot, overlay, loadBalancerClass, takeover }: PlanInput): Effects {
  const ids = snapshot.services.map(keyOfService);
  const decisions = decide(snapshot, loadBalancerClass);
  const { services, allocator } = decisions;
  const wasUsable = decisions.issues.length === 0;
  const lostOf = (id: ServiceId): ServicePlan["lost"] => services.plan(id)?.lost ?? [];
  const lostAtOnce = new Map(ids.map((id) => [id, takeover ? lostOf(id) : []] as const));
  settle(services, ids);
  const asShown = takeover || !wasUsable;
  const before = new Map(
    snapshot.services.map((service) => {
      const id = keyOfService(service);
      return [id, asShown ? shownHolding(service) : holdingOf(allocator, services.plan(id))];
    }),
  );
  const fillBefore = poolUses(allocator);
  services.setPools(parsePools(overlay.after.ipAddressPools, snapshot.namespaces).pools);
  const lost = new Map(ids.map((id) => [id, [...lostAtOnce.get(id)!, ...lostOf(id)]] as const));
  settle(services, ids);
  const holdings = ids.map((id) => {
    const [from, plan] = [before.get(id)!, services.plan(id)];
    // Whoever is not ours keeps what it has.
    return { id, from, to: plan === undefined ? from : holdingOf(allocator, plan) };
  });
  const changes = holdings.flatMap(({ id, from, to }) => serviceChange(id, from, to, lost.get(id)!) ?? []);
  const changed = new Set(changes.map(({ service }) => service));
  const same = holdings.filter(({ id }) => !changed.has(id));
  return {
    changes,
    unchanged: same.filter(({ to }) => to.addresses.length > 0).length,
    stillPending: same.filter(({ to }) => isPending(to.plan)).length,
    pools: poolChanges(fillBefore, poolUses(allocator), overlay),
    unsettled: snapshot.services.filter((service) => shownText(service) !== text(before.get(keyOfService(service))!))
      .length,
    wasUsable,
  };
}

function isPending(plan: ServicePlan | undefined): boolean {
  return plan?.addresses.length === 0 && plan.refusal !== undefined;
}

/** What a Service has by its status alone. */
function shownHolding(service: ServiceView): Holding {
  const pool = service.annotations[POOL_ANNOTATION] ?? "";
  return { addresses: service.ingress.map(({ ip }) => ({ address: ip, pool })), plan: undefined };
}

function shownText({ ingress }: ServiceView): string {
  return ingress.map(({ ip }) => ip).join();
}

function text({ addresses }: Holding): string {
  return addresses.map(({ address }) => address).join();
}

function poolChanges(
  before: ReadonlyMap<string, PoolUse>,
  after: ReadonlyMap<string, PoolUse>,
  { changes }: Overlay,
): readonly PoolChange[] {
  const touched = new Set(changes.filter(({ change }) => change !== "unchanged").map(({ object }) => object));
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((pool) => {
    const [was, is] = [before.get(pool), after.get(pool)];
    const isTouched = [...touched].some((object) => object.startsWith("IPAddressPool ") && object.endsWith(`/${pool}`));
    if (!isTouched && JSON.stringify(was) === JSON.stringify(is)) return [];
    return [{ pool, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) }];
  });
}

/** Issues of the files come as they are; those of the whole configuration are new unless the cluster has them, too. */
function allIssues({ live, overlay, files, snapshot }: PlanInput): readonly PlanIssue[] {
  const had = new Set(validated(live, snapshot.namespaces).map(formatIssue));
  const ofFiles = files.issues.map((issue) => ({ ...issue, isNew: true }));
  const ofWhole = validated(overlay.after, snapshot.namespaces).map((issue) => {
    const severity = issue.kind === "invalid" ? "error" : "warning";
    return { ...files.locate(issue, severity), isNew: !had.has(formatIssue(issue)) };
  });
  return [...ofFiles, ...ofWhole];
}

function validated(lists: ConfigLists, namespaces: readonly NamespaceView[]): readonly ConfigIssue[] {
  return validateConfig({ ...lists, namespaces });
}

function notes({ overlay }: PlanInput, { unsettled, wasUsable }: Effects, usable: boolean): readonly string[] {
  const found: string[] = [];
  if (!usable)
    found.push(
      "the pools could not be used: a running controller would go on with those it has, one that starts would decide nothing",
    );
  if (!wasUsable)
    found.push("the cluster's pools can't be used as they are: what Services have is taken from their status");
  else if (unsettled > 0)
    found.push(
      `${counted(unsettled, "Service")} will have other addresses than their status shows, without this change, too; see metallb explain service`,
    );
  const others = overlay.changes.filter(
    ({ object, change }) => change !== "unchanged" && !object.startsWith("IPAddressPool "),
  );
  if (others.length > 0)
    found.push(
      "this tells which Services have which addresses; who announces them, which advertisements and peers decide, is not planned",
    );
  return found;
}
