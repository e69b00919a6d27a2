import type { Document, Node } from "yaml";
import { isAlias, isMap, isNode, isPair, isScalar, isSeq } from "yaml";

/**
 * Offset in the text of the field that `path` names, seen from `node`, or of the nearest thing around it that was
 * written. A field's offset is that of its key. Keys may contain dots (`matchLabels.kubernetes.io/os`): the longest key
 * that fits is meant.
 */
export function offsetOf(document: Document, node: Node, path: string): number {
  let offset = node.range?.[0] ?? 0;
  let here: Node | undefined = node;
  let rest = path;
  while (here !== undefined && rest !== "") {
    const step: Step | undefined = next(document, here, rest);
    if (step === undefined) break;
    offset = step.offset;
    here = step.node;
    rest = step.rest;
  }
  return offset;
}

interface Step {
  readonly offset: number;
  /** Undefined: nothing was written there. */
  readonly node: Node | undefined;
  readonly rest: string;
}

function next(document: Document, node: Node, path: string): Step | undefined {
  const target = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(target)) return itemStep(target.items, path);
  return isMap(target) ? keyStep(target.items, path) : undefined;
}

function itemStep(items: readonly unknown[], path: string): Step | undefined {
  const match = /^\[(\d{1,9})\]\.?/.exec(path);
  const item = match === null ? undefined : items[Number(match[1])];
  if (match === null || !isNode(item)) return undefined;
  return { offset: item.range?.[0] ?? 0, node: item, rest: path.slice(match[0].length) };
}

function keyStep(pairs: readonly unknown[], path: string): Step | undefined {
  let best: { readonly length: number; readonly step: Step } | undefined;
  for (const pair of pairs) {
    if (!isPair(pair) || !isScalar(pair.key)) continue;
    const key = String(pair.key.value);
    if (key.length <= (best?.length ?? -1) || !leads(key, path)) continue;
    const rest = path.slice(key.length).replace(/^\./, "");
    const node = isNode(pair.value) ? pair.value : undefined;
    best = { length: key.length, step: { offset: pair.key.range?.[0] ?? 0, node, rest } };
  }
  return best?.step;
}

function leads(key: string, path: string): boolean {
  return path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`);
}
