import { badRequest } from "./errors.ts";
import type { ApiObject } from "./objects.ts";

export type Matcher = (object: ApiObject) => boolean;

type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

const EVERYTHING: Matcher = () => true;

/** Splits at commas that are not inside parentheses: `a in (x,y),b`. */
function splitRequirements(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/).map((part) => part.trim());
}

function unparsable(found: string, expected: string): Error {
  return badRequest(`unable to parse requirement: found '${found}', expected: ${expected}`);
}

const KEY = String.raw`[A-Za-z0-9./_-]+`;
const SET_TEST = new RegExp(String.raw`^(${KEY})\s+(in|notin)\s*\(([^()]*)\)$`);
const EQUALS_TEST = new RegExp(String.raw`^(${KEY})\s*(==|=|!=)\s*([A-Za-z0-9._-]*)$`);
const EXISTS_TEST = new RegExp(String.raw`^(!?)\s*(${KEY})$`);

function has(labels: Readonly<Record<string, string>>, key: string): boolean {
  return Object.hasOwn(labels, key);
}

function labelTest(requirement: string): LabelTest {
  const set = SET_TEST.exec(requirement);
  if (set !== null) {
    const key = set[1]!;
    const values = new Set(set[3]!.split(",").map((value) => value.trim()));
    if (set[2] === "in") return (labels) => has(labels, key) && values.has(labels[key]!);
    return (labels) => !has(labels, key) || !values.has(labels[key]!);
  }
  const equals = EQUALS_TEST.exec(requirement);
  if (equals !== null) {
    const [, key, operator, value] = equals as unknown as [string, string, string, string];
    return operator === "!=" ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const exists = EXISTS_TEST.exec(requirement);
  if (exists !== null) {
    const key = exists[2]!;
    return exists[1] === "!" ? (labels) => !has(labels, key) : (labels) => has(labels, key);
  }
  const wrong = /[^A-Za-z0-9./_\s-]/.exec(requirement.replace(/^!\s*(?=[A-Za-z0-9])/, ""));
  if (wrong === null || wrong.index === 0) throw unparsable(wrong?.[0] ?? requirement, "identifier");
  throw unparsable(requirement.slice(wrong.index), "in, notin, =, ==, !=, gt, lt");
}

/** Parses a `labelSelector` parameter. Throws 400. */
export function parseLabelSelector(selector: string | null): Matcher {
  if (selector === null || selector.trim() === "") return EVERYTHING;
  const tests = splitRequirements(selector).map(labelTest);
  return (object) => tests.every((test) => test(object.metadata.labels ?? {}));
}

/** Reads the fields that a kind lets lists be selected by, besides `metadata.name` and `metadata.namespace`. */
export type FieldLabels = Readonly<Record<string, (object: ApiObject) => string>>;

const METADATA: FieldLabels = {
  "metadata.name": (object) => object.metadata.name,
  "metadata.namespace": (object) => object.metadata.namespace ?? "",
};

/** Parses a `fieldSelector` parameter: `field=value`, `field==value`, `field!=value`. Throws 400. */
export function parseFieldSelector(selector: string | null, labels: FieldLabels): Matcher {
  if (selector === null || selector.trim() === "") return EVERYTHING;
  const known = { ...labels, ...METADATA };
  const tests = selector.split(/(?<!\\),/).map((term): Matcher => {
    const parts = /^([^=!]+)(!=|==|=)(.*)$/s.exec(term.trim());
    if (parts === null) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
    const [, field, operator, raw] = parts as unknown as [string, string, string, string];
    const read = Object.hasOwn(known, field) ? known[field] : undefined;
    if (read === undefined) throw badRequest(`field label not supported: ${field}`);
    const value = raw.replaceAll(/\\([\\,=])/g, "$1");
    return operator === "!=" ? (object) => read(object) !== value : (object) => read(object) === value;
  });
  return (object) => tests.every((test) => test(object));
}
