import { parseSelector } from "../../config/parse-selector.ts";
import { selectorMatches } from "../../config/selector.ts";
import { record, records, strings, text } from "./objects.ts";

/** Whether a metav1.LabelSelector matches. Its shape was checked when it was stored. */
export function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels, matchExpressions } = record(selector);
  const raw = {
    matchLabels: record(matchLabels) as Record<string, string>,
    matchExpressions: records(matchExpressions).map(({ key, operator, values }) => ({
      key: text(key),
      operator: text(operator),
      values: strings(values),
    })),
  };
  return selectorMatches(
    parseSelector(raw, "", () => undefined),
    labels,
  );
}
