import { counted } from "../render/words.ts";
import type { PlanReport, ServiceChange } from "./plan-report.ts";

/** The answer in one sentence, without a full stop. */
export function summarizePlan(report: Omit<PlanReport, "summary">): string {
  const { valid, issues, objects, services, unchanged, stillPending } = report;
  const errors = issues.filter(({ severity, isNew }) => severity === "error" && isNew).length;
  if (!valid)
    return errors > 0
      ? `the change is refused: ${counted(errors, "error")}`
      : "the change can't be used: the cluster's configuration has errors";
  const sameObjects = objects.length > 0 && objects.every(({ change }) => change === "unchanged");
  if (sameObjects && services.length === 0) return "nothing changes: the cluster has these objects already";
  const parts = [
    part(services, "lose", "would lose an address"),
    part(services, "move", "would move to another address"),
    part(services, "repool", "would keep the address under another pool"),
    part(services, "gain", "would gain an address"),
    unchanged === 0
      ? ""
      : `${counted(unchanged, "Service")} ${unchanged === 1 ? "keeps what it has" : "keep what they have"}`,
    stillPending === 0 ? "" : `${counted(stillPending, "Service")} would still have none`,
  ].filter((text) => text !== "");
  return parts.length === 0 ? "no Service has or wants an address" : parts.join(", ");
}

function part(services: readonly ServiceChange[], change: ServiceChange["change"], what: string): string {
  const count = services.filter((service) => service.change === change).length;
  return count === 0 ? "" : `${counted(count, "Service")} ${what}`;
}
