import type { Result } from "../lib/result.ts";
import { err, ok } from "../lib/result.ts";
import { errorMessage } from "../lib/errors.ts";
import { parse } from "yaml";

const KEY = "announcedInterfacesToExclude";

/** No installation needs more than this; a longer file is a mistake. */
const LONGEST_FILE = 1_048_576;

/** Matches no name. */
export const EXCLUDE_NOTHING = "(?!)";

/**
 * Reads `excludel2.yaml`: a list of regular expressions in Go's syntax, any of which may match anywhere in the name of
 * an interface that is never used. The result is one JavaScript regular expression (flag `u`) for all of them.
 */
export function parseExcludedInterfaces(text: string): Result<string, string> {
  if (text.length > LONGEST_FILE) return err(`it is longer than ${LONGEST_FILE} characters`);
  const list = listOf(text);
  if (!list.ok) return list;
  const patterns: string[] = [];
  for (const [i, item] of list.value.entries()) {
    const pattern = typeof item === "string" ? compile(item) : err("it is not a string");
    if (!pattern.ok) return err(`${KEY}[${i}] can't be used: ${pattern.error}`);
    patterns.push(`(?:${pattern.value})`);
  }
  return ok(patterns.length === 0 ? EXCLUDE_NOTHING : patterns.join("|"));
}

function listOf(text: string): Result<readonly unknown[], string> {
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    return err(`it is not YAML: ${errorMessage(error)}`);
  }
  if (document === null || document === undefined) return ok([]);
  if (typeof document !== "object" || Array.isArray(document)) return err(`it has no list ${KEY}`);
  const entry = Object.entries(document).find(([key]) => key.toLowerCase() === KEY.toLowerCase());
  const list: unknown = entry?.[1] ?? [];
  return Array.isArray(list) ? ok(list as unknown[]) : err(`${KEY} is not a list`);
}

/** What Go's RE2 and JavaScript share; the rest is refused rather than read differently. */
function compile(goPattern: string): Result<string, string> {
  const pattern = goPattern.replaceAll(/\\([^\w\s])/g, (_, character: string) => hexEscape(character));
  try {
    return ok(new RegExp(pattern, "u").source);
  } catch (error) {
    return err(errorMessage(error));
  }
}

/** Go allows a backslash before any punctuation, JavaScript only before its own. */
function hexEscape(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
