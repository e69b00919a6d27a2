import type { RawLabelSelector } from "./crd/types.ts";
import type { Complain } from "./resource.ts";
import type { LabelRequirement, LabelSelector } from "./selector.ts";

type RawRequirement = NonNullable<RawLabelSelector["matchExpressions"]>[number];
type Operator = LabelRequirement["operator"];

/** Which operators there are, and whether they compare with values. */
const TAKES_VALUES: Readonly<Record<Operator, boolean>> = { In: true, NotIn: true, Exists: false, DoesNotExist: false };

const NAME = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Parses a list of selectors of which no two may be equal. */
export function parseSelectors(
  raw: readonly RawLabelSelector[] | undefined,
  field: string,
  complain: Complain,
): readonly LabelSelector[] {
  const seen = new Map<string, number>();
  return (raw ?? []).map((item, i) => {
    const selector = parseSelector(item, `${field}[${i}]`, complain);
    const key = JSON.stringify(selector);
    const twin = seen.get(key);
    if (twin !== undefined) complain(`${field}[${i}]`, `duplicate of ${field}[${twin}]`, "remove one of the two");
    else seen.set(key, i);
    return selector;
  });
}

/** Values come out sorted, so that equal selectors are deeply equal; what is wrong is complained about. */
export function parseSelector(raw: RawLabelSelector, field: string, complain: Complain): LabelSelector {
  const labels = Object.entries(raw.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const fromLabels = labels.map(([key, value]): LabelRequirement => {
    const at = `${field}.matchLabels`;
    checkKey(key, at, complain);
    checkValue(value, at, complain);
    return { key, operator: "In", values: [value] };
  });
  return { requirements: [...fromLabels, ...parseExpressions(raw.matchExpressions ?? [], field, complain)] };
}

function parseExpressions(raw: readonly RawRequirement[], field: string, complain: Complain): LabelRequirement[] {
  const seen = new Set<string>();
  const parsed: LabelRequirement[] = [];
  for (const [i, expression] of raw.entries()) {
    const at = `${field}.matchExpressions[${i}]`;
    const requirement = parseExpression(expression, at, complain);
    if (requirement === undefined) continue;
    const key = JSON.stringify(requirement);
    if (seen.has(key)) complain(at, "the same expression is there twice", "remove one of the two");
    seen.add(key);
    parsed.push(requirement);
  }
  return parsed;
}

function parseExpression(raw: RawRequirement, at: string, complain: Complain): LabelRequirement | undefined {
  const { key, operator } = raw;
  const values = [...(raw.values ?? [])].sort();
  checkKey(key, at, complain);
  for (const value of values) checkValue(value, at, complain);
  if (new Set(values).size < values.length) complain(`${at}.values`, "a value is there twice", "remove one of the two");
  if (!isOperator(operator)) {
    const names = Object.keys(TAKES_VALUES).join(", ");
    complain(`${at}.operator`, `${JSON.stringify(operator)} is not a valid label selector operator`, `use ${names}`);
    return undefined;
  }
  if (TAKES_VALUES[operator] && values.length === 0)
    complain(`${at}.values`, `${operator} compares with nothing`, "list at least one value");
  if (!TAKES_VALUES[operator] && values.length > 0)
    complain(`${at}.values`, `${operator} takes no values`, "remove the values");
  return { key, operator, values };
}

function isOperator(text: string): text is Operator {
  return Object.hasOwn(TAKES_VALUES, text);
}

function checkKey(key: string, at: string, complain: Complain): void {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const prefixOk = prefix === undefined || (prefix.length <= 253 && DNS_SUBDOMAIN.test(prefix));
  if (prefixOk && isName(key.slice(slash + 1))) return;
  complain(at, `${quoted(key)} is not a valid label key`, "use name or prefix/name, name of at most 63 characters");
}

function checkValue(value: string, at: string, complain: Complain): void {
  if (value === "" || isName(value)) return;
  const fix = "use at most 63 letters, digits, dots, dashes and underscores";
  complain(at, `${quoted(value)} is not a valid label value`, fix);
}

function isName(text: string): boolean {
  return text.length <= 63 && NAME.test(text);
}

function quoted(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 80)}…`);
}
