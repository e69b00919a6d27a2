import { type Labels, selectorMatches } from "../../../../config/selector.ts";
import type { ApiObject, Json } from "../../objects.ts";
import { at, record, records, strings, text } from "../../objects.ts";

/** What the DaemonSet controller lets every Pod of it tolerate: a daemon is there before its node is well. */
const DAEMON_TOLERATIONS: readonly Json[] = [
  ...["not-ready", "unreachable"].map((name) => ({ key: `node.kubernetes.io/${name}`, effect: "NoExecute" })),
  ...["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable", "network-unavailable"].map((name) => ({
    key: `node.kubernetes.io/${name}`,
    effect: "NoSchedule",
  })),
].map((toleration) => ({ ...toleration, operator: "Exists" }));

/** Whether a Pod with this specification may run on a node: its selector, its required affinity, the node's taints. */
export function fits(spec: Json, node: ApiObject, { daemon }: { readonly daemon: boolean }): boolean {
  const tolerations = [...records(spec["tolerations"]), ...(daemon ? DAEMON_TOLERATIONS : [])];
  return isSelected(spec, node) && taintsOf(node).every((taint) => tolerations.some((one) => tolerates(one, taint)));
}

function isSelected(spec: Json, node: ApiObject): boolean {
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries(record(spec["nodeSelector"]));
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  const terms = at(
    spec["affinity"],
    "nodeAffinity",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "nodeSelectorTerms",
  );
  return !Array.isArray(terms) || records(terms).some((term) => matchesTerm(term, node));
}

function matchesTerm(term: Json, node: ApiObject): boolean {
  const fields = { "metadata.name": node.metadata.name };
  return (
    records(term["matchExpressions"]).every((one) => matches(one, node.metadata.labels ?? {})) &&
    records(term["matchFields"]).every((one) => matches(one, fields))
  );
}

/** As a label selector, and by number; an operator that Kubernetes doesn't know matches nothing. */
function matches(requirement: Json, labels: Labels): boolean {
  const key = text(requirement["key"]);
  const values = strings(requirement["values"]);
  const { operator } = requirement;
  switch (operator) {
    case "In":
    case "NotIn":
    case "Exists":
    case "DoesNotExist":
      return selectorMatches({ requirements: [{ key, operator, values }] }, labels);
    case "Gt":
      return Number(labels[key]) > Number(values[0]);
    case "Lt":
      return Number(labels[key]) < Number(values[0]);
    default:
      return false;
  }
}

/** Taints that keep Pods away; PreferNoSchedule doesn't. A cordoned node counts as tainted. */
function taintsOf(node: ApiObject): Json[] {
  const taints = records(at(node["spec"], "taints")).filter(({ effect }) => effect !== "PreferNoSchedule");
  const cordoned = at(node["spec"], "unschedulable") === true;
  return cordoned ? [...taints, { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }] : taints;
}

function tolerates(toleration: Json, taint: Json): boolean {
  const { key = "", operator = "Equal", value = "", effect = "" } = toleration;
  if (effect !== "" && effect !== taint["effect"]) return false;
  if (operator === "Exists") return key === "" || key === taint["key"];
  return key === taint["key"] && value === (taint["value"] ?? "");
}
