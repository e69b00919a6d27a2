import { counted } from "../render/words.ts";
import type { ExplainedAddress, ExplainedDecision, ServiceExplanation } from "./service-explanation.ts";

/** The answer in one sentence, without a full stop. */
export function summarize(explanation: Omit<ServiceExplanation, "summary">): string {
  const { service, notServed, decision, configuration, shown } = explanation;
  if (notServed !== undefined) return `${service} is left alone: ${notServed.explanation}`;
  if (!configuration.valid || decision === undefined) {
    const has = shown.addresses.length === 0 ? "has no address" : `keeps ${shown.addresses.join(" and ")}`;
    return `${service} ${has}: nothing is decided while the configuration is invalid`;
  }
  return shownAsDecided(explanation, decision)
    ? `${service} ${verdict(decision, "has", "keeps")}`
    : `${service} ${verdict(decision, "should have", "should keep")}; its status shows ${some(shown.addresses)}`;
}

/** Whether the status shows the addresses of the decision. */
export function shownAsDecided(
  { shown }: Pick<ServiceExplanation, "shown">,
  { addresses }: ExplainedDecision,
): boolean {
  return shown.addresses.join() === addresses.map(({ address }) => address).join();
}

function verdict({ addresses, refusal, missing }: ExplainedDecision, has: string, keeps: string): string {
  if (addresses.length === 0) return `${has} no address: ${refusal?.explanation ?? "it asks for none"}`;
  const what = addresses.map(addressText).join(" and ");
  if (refusal !== undefined) return `${keeps} ${what}, but is refused what it asks for: ${refusal.explanation}`;
  return missing === undefined ? `${has} ${what}` : `${has} ${what}, and no other: ${missing.explanation}`;
}

function some(addresses: readonly string[]): string {
  return addresses.length === 0 ? "no address" : addresses.join(" and ");
}

function addressText({ address, pool, sharedWith }: ExplainedAddress): string {
  const shared = sharedWith.length === 0 ? "" : `, shared with ${counted(sharedWith.length, "other Service")}`;
  return `${address} from pool ${pool}${shared}`;
}
