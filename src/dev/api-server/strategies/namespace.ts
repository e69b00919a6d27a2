import { dnsLabel } from "../names.ts";
import { at, isRecord, text } from "../objects.ts";
import type { Strategy } from "../strategy.ts";
import { DEFAULT_STRATEGY } from "../strategy.ts";

/** Namespaces carry their own name as a label, and a finalizer that the namespace controller takes away. */
export const NAMESPACES: Strategy = {
  ...DEFAULT_STRATEGY,
  nameRule: dnsLabel,
  deleteReturnsObject: true,
  fieldLabels: { "status.phase": (object) => text(at(object["status"], "phase")) },
  defaults: (next) => {
    next.metadata.labels = { ...next.metadata.labels, "kubernetes.io/metadata.name": next.metadata.name };
  },
  prepare: (next, old) => {
    next["spec"] = old === undefined ? { finalizers: ["kubernetes"] } : old["spec"];
    if (old === undefined || !isRecord(next["status"])) next["status"] = { phase: "Active" };
  },
};
