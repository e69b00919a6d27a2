import type { ParseResult } from "@marcbachmann/cel-js";
import { Environment } from "@marcbachmann/cel-js";
import { isIP } from "node:net";
import { hasFormat } from "./formats.ts";

/** Rules are parsed once. The number kept is bounded: a development server may see many versions of a CRD. */
const MAX_PROGRAMS = 2_000;

const programs = new Map<string, ParseResult>();

/** What Kubernetes' CEL libraries have and the interpreter has not. Numbers are bigint (int) or number (double). */
const FUNCTIONS: Readonly<Record<string, (...values: never[]) => unknown>> = {
  "isIP(string): bool": (text: string) => isIP(text) !== 0,
  "isCIDR(string): bool": (text: string) => hasFormat("cidr", text),
  "string.replace(string, string): string": (text: string, from: string, to: string) => text.replaceAll(from, to),
  "string.charAt(int): string": (text: string, index: bigint) => text.charAt(Number(index)),
  "string.find(string): string": (text: string, pattern: string) => new RegExp(pattern, "u").exec(text)?.[0] ?? "",
  "string.findAll(string): list": (text: string, pattern: string) => text.match(new RegExp(pattern, "gu")) ?? [],
  "list.isSorted(): bool": (list: Ordered[]) => list.every((item, index) => index === 0 || list[index - 1]! <= item),
  "list.sum(): dyn": (list: bigint[]) => list.reduce((sum, item) => sum + item, 0n),
  "list.min(): dyn": (list: Ordered[]) => list.reduce((least, item) => (item < least ? item : least)),
  "list.max(): dyn": (list: Ordered[]) => list.reduce((most, item) => (item > most ? item : most)),
  "list.indexOf(dyn): int": (list: unknown[], item: unknown) => BigInt(list.indexOf(item)),
};

type Ordered = string | bigint | number;

const environment = buildEnvironment();

function buildEnvironment(): Environment {
  const env = new Environment({
    unlistedVariablesAreDyn: true,
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
  });
  for (const [signature, handler] of Object.entries(FUNCTIONS)) env.registerFunction(signature, handler);
  return env;
}

/** The parsed expression. Throws the interpreter's error when it does not parse. */
export function program(expression: string): ParseResult {
  const known = programs.get(expression);
  if (known !== undefined) return known;
  if (programs.size >= MAX_PROGRAMS) programs.clear();
  const parsed = environment.parse(expression);
  programs.set(expression, parsed);
  return parsed;
}
