/**
 * Reads `test/golden/apiserver-golden.txt`: a title (`## title`) and under it the answer of a real API server, as text
 * or JSON, cut at 900 characters.
 */
export function readGoldenAnswers(text: string): Map<string, string> {
  const answers = new Map<string, string>();
  for (const block of text.split(/^## /m).slice(1)) {
    const end = block.indexOf("\n");
    answers.set(block.slice(0, end), block.slice(end + 1).trim());
  }
  return answers;
}

/** Marks where a value was cut: it matches anything. */
const CUT = Symbol("cut");

/** Parses JSON that may end in the middle; what is missing becomes CUT. */
class CutParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): unknown {
    const value = this.#value();
    this.#space();
    return this.#at < this.#text.length ? undefined : value;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #value(): unknown {
    this.#space();
    const char = this.#text[this.#at];
    if (char === undefined) return CUT;
    if (char === "{") return this.#object();
    if (char === "[") return this.#array();
    if (char === '"') return this.#string();
    const word = /^[-+.\w]+/.exec(this.#text.slice(this.#at))?.[0] ?? "";
    this.#at += word.length;
    if (this.#at >= this.#text.length) return CUT;
    return JSON.parse(word) as unknown;
  }

  #string(): unknown {
    const match = /^"(?:[^"\\]|\\.)*"/s.exec(this.#text.slice(this.#at));
    if (match === null) {
      this.#at = this.#text.length;
      return CUT;
    }
    this.#at += match[0].length;
    return JSON.parse(match[0]) as unknown;
  }

  /** Moves over a separator; false at the closing bracket or at the end of the text. */
  #more(close: string): boolean {
    this.#space();
    const char = this.#text[this.#at++];
    return char !== close && char !== undefined;
  }

  #object(): unknown {
    const result: Record<string | symbol, unknown> = {};
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "}") return (this.#at++, result);
    do {
      this.#space();
      const key = this.#string();
      if (typeof key !== "string") return Object.assign(result, { [CUT]: true });
      this.#space();
      this.#at++;
      result[key] = this.#value();
      if (this.#at >= this.#text.length) result[CUT] = true;
    } while (this.#more("}"));
    return result;
  }

  #array(): unknown {
    const result: unknown[] = [];
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "]") return (this.#at++, result);
    do {
      result.push(this.#value());
      if (this.#at >= this.#text.length) result.push(CUT);
    } while (this.#more("]"));
    return result;
  }
}

/** The answer as JSON, possibly cut; as text when it is none. */
export function goldenValue(text: string): unknown {
  if (!/^[{[]/.test(text)) return text;
  return new CutParser(text).parse() ?? text;
}

/** Replaces what differs from run to run: identifiers, times, versions, allocated addresses and ports. */
export function normalise(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => normalise(item, key));
  if (typeof value === "number") return VOLATILE_NUMBERS.has(key) ? "<number>" : value;
  if (typeof value === "string") return normaliseText(value, key);
  if (typeof value !== "object" || value === null) return value;
  const result: Record<string | symbol, unknown> = {};
  for (const name of Reflect.ownKeys(value)) {
    const item = (value as Record<string | symbol, unknown>)[name];
    if (item === undefined) continue;
    result[name] = typeof name === "string" ? normalise(item, name) : item;
  }
  return result;
}

const VOLATILE_NUMBERS = new Set(["nodePort", "ms"]);
const VERSIONS = new Set(["resourceVersion", "rv", "before", "after"]);

function normaliseText(text: string, key: string): unknown {
  if (VERSIONS.has(key) && /^\d+$/.test(text)) return "<version>";
  if (key === "manager") return text.replace(/^(kas|kube-apiserver)$/, "<server>");
  if (text.startsWith(`{"`)) return normalise(goldenValue(text.trim()));
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uid>")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "<time>")
    .replaceAll(/10\.96\.\d+\.\d+/g, "<cluster-ip>")
    .replaceAll(/current: \d+/g, "current: <version>")
    .replace(/^gen-[a-z0-9]{5}$/, "gen-<random>")
    .replace(/^\d+[smh]$/, "<age>")
    .trimEnd();
}

/** Paths at which `actual` differs from `golden`; empty when it reproduces it as far as it was recorded. */
export function differences(golden: unknown, actual: unknown, path = "$"): string[] {
  if (golden === CUT) return [];
  if (Array.isArray(golden) && Array.isArray(actual)) return arrayDifferences(golden, actual, path);
  if (isObject(golden) && isObject(actual)) return objectDifferences(golden, actual, path);
  return golden === actual ? [] : [`${path}: expected ${shown(golden)}, got ${shown(actual)}`];
}

function arrayDifferences(golden: readonly unknown[], actual: readonly unknown[], path: string): string[] {
  const cut = golden.at(-1) === CUT;
  const items = cut ? golden.slice(0, -1) : golden;
  const length = cut || items.length === actual.length ? [] : [`${path}: ${items.length} items, got ${actual.length}`];
  return [...length, ...items.flatMap((item, i) => differences(item, actual[i], `${path}[${i}]`))];
}

type Indexed = Record<string | symbol, unknown>;

function objectDifferences(golden: Indexed, actual: Indexed, path: string): string[] {
  const extra = CUT in golden ? [] : Object.keys(actual).filter((key) => !Object.hasOwn(golden, key));
  return [
    ...extra.map((key) => `${path}.${key}: not expected, got ${shown(actual[key])}`),
    ...Object.keys(golden).flatMap((key) => differences(golden[key], actual[key], `${path}.${key}`)),
  ];
}

function isObject(value: unknown): value is Indexed {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return typeof value === "symbol" ? "<cut>" : (JSON.stringify(value) ?? "nothing").slice(0, 300);
}
