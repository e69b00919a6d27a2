import * as z from "zod";
import type { KubeObject } from "../ports/kube.ts";
import { labelSelector } from "./crd/types.ts";
import { fieldsOf } from "./fields.ts";
import type { NodeView } from "./node.ts";
import { parseSelectors } from "./parse-selector.ts";
import type { Labels, LabelSelector } from "./selector.ts";
import { anySelectorMatches } from "./selector.ts";

const SELECTORS = z.array(labelSelector).optional();

/** Anything that is limited to some nodes; no selector: every node. */
export interface OnNodes {
  readonly nodeSelectors: readonly LabelSelector[];
}

/** Stands for all nodes of a cluster that is not known. */
const SOME_NODE: ReadonlySet<number> = new Set([0]);
const NO_NODE: ReadonlySet<number> = new Set();

/** Which nodes things are on. Each list of selectors is evaluated once. */
export class NodeSets {
  readonly #nodes: readonly NodeView[] | undefined;
  readonly #sets = new Map<OnNodes["nodeSelectors"], ReadonlySet<number>>();

  /** Undefined: the nodes are not known. Then only things without selectors are known to be on a node. */
  constructor(nodes: readonly NodeView[] | undefined) {
    this.#nodes = nodes;
  }

  /** Whether both are on some node. */
  meet(a: OnNodes, b: OnNodes): boolean {
    const [setA, setB] = [this.#of(a), this.#of(b)];
    const [small, large] = setA.size < setB.size ? [setA, setB] : [setB, setA];
    for (const node of small) if (large.has(node)) return true;
    return false;
  }

  #of(limited: OnNodes): ReadonlySet<number> {
    const set = this.#sets.get(limited.nodeSelectors) ?? this.#evaluate(limited);
    this.#sets.set(limited.nodeSelectors, set);
    return set;
  }

  #evaluate(limited: OnNodes): ReadonlySet<number> {
    if (this.#nodes === undefined) return limited.nodeSelectors.length === 0 ? SOME_NODE : NO_NODE;
    return new Set([...this.#nodes.keys()].filter((i) => isOnNode(limited, this.#nodes![i]!.labels)));
  }
}

function isOnNode({ nodeSelectors }: OnNodes, labels: Labels): boolean {
  return nodeSelectors.length === 0 || anySelectorMatches(nodeSelectors, labels);
}

/**
 * Whether a BGPPeer or BGPAdvertisement, as it is in the API, is for a node with these labels. One whose selectors can't
 * be read is, so that the mistake is reported.
 */
export function isForNode(object: KubeObject, labels: Labels): boolean {
  const raw = SELECTORS.safeParse(fieldsOf(object["spec"])["nodeSelectors"]);
  if (!raw.success) return true;
  let readable = true;
  const nodeSelectors = parseSelectors(raw.data, "spec.nodeSelectors", () => (readable = false));
  return !readable || isOnNode({ nodeSelectors }, labels);
}
