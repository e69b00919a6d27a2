import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Pair, YAMLMap } from "yaml";
import { isMap, isNode, isScalar, parseDocument } from "yaml";

const FILE = join(import.meta.dirname, "../charts/metallb/values.yaml");

/** A value of the chart, with what values.yaml says about it. */
export interface ChartValue {
  /** `speaker.image.tag`. */
  readonly path: string;
  readonly default: unknown;
  /** What follows `# --`; undefined: nothing does. */
  readonly text: string | undefined;
  /** Those below it, if it is an object. */
  readonly children: readonly ChartValue[];
}

/** The values of charts/metallb/values.yaml, in its order. */
export function readChartValues(): readonly ChartValue[] {
  const document = parseDocument(readFileSync(FILE, "utf8"));
  return valuesOf(document.contents as YAMLMap, "");
}

function valuesOf(map: YAMLMap, prefix: string): readonly ChartValue[] {
  return map.items.map((pair, i) => valueOf(pair, prefix, i === 0 ? (map.commentBefore ?? undefined) : undefined));
}

/** `comment` is before the map, which for the parser begins with its first key. */
function valueOf({ key, value }: Pair, prefix: string, comment: string | undefined): ChartValue {
  if (!isScalar(key)) throw new Error(`a key below ${prefix} is not a string`);
  const path = `${prefix}${String(key.value)}`;
  return {
    path,
    default: isNode(value) ? value.toJSON() : undefined,
    text: textOf(key.commentBefore ?? comment),
    children: isMap(value) ? valuesOf(value, `${path}.`) : [],
  };
}

function textOf(comment: string | undefined): string | undefined {
  const begin = comment?.lastIndexOf(" -- ") ?? -1;
  if (comment === undefined || begin === -1) return undefined;
  return comment
    .slice(begin + 4)
    .split("\n")
    .map((line) => line.trim())
    .join(" ");
}
