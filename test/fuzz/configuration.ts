import { Allocator } from "../../src/allocator/allocator.ts";
import { CONFIG_KINDS, type ConfigKind } from "../../src/config/config-kinds.ts";
import { convertBgpPeer } from "../../src/config/convert-bgp-peer.ts";
import { formatIssue } from "../../src/config/issues.ts";
import { projectNode } from "../../src/config/node.ts";
import { parsePools } from "../../src/config/parse-pools.ts";
import { projectService } from "../../src/config/service.ts";
import { type ConfigObjects, validateConfig } from "../../src/config/validate.ts";
import { admit } from "../../src/controller/admission/admit.ts";
import { planService } from "../../src/controller/service-plan.ts";
import { statusUpdate } from "../../src/controller/service-status.ts";
import type { KubeObject } from "../../src/ports/kube.ts";
import type { Random } from "../../src/ports/random.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { type Json, mutate, oneOf } from "./mutate.ts";
import { CONFIG_SEEDS, SERVICE_SEEDS } from "./seeds.ts";

export interface FuzzReport {
  readonly cases: number;
  readonly seed: number;
  /** Cases in which something was found to be wrong; the others survived their mutation. */
  readonly refused: number;
  readonly issues: number;
  readonly slowestMilliseconds: number;
  readonly slowest: string;
  readonly longestMessage: number;
}

type List = keyof typeof CONFIG_SEEDS;

const LISTS = Object.keys(CONFIG_SEEDS) as readonly List[];
const KIND_OF = Object.fromEntries(Object.entries(CONFIG_KINDS).map(([kind, list]) => [list, kind])) as Readonly<
  Record<List, ConfigKind>
>;

const VALID = Object.fromEntries(LISTS.map((list) => [list, [CONFIG_SEEDS[list]]])) as unknown as ConfigObjects;
const NAMESPACES = [{ name: "default", labels: { zone: "a" } }];

/**
 * Mutated configuration objects and Services through everything that reads them. Throws what they make the code throw,
 * with the case that did it.
 */
export function fuzzConfiguration(cases: number, seed: number): FuzzReport {
  const random = seededRandom(seed);
  const allocator = new Allocator();
  allocator.setPools(parsePools([VALID.ipAddressPools[0]!, poolForEverybody()], NAMESPACES).pools);
  const sum = { refused: 0, issues: 0, slowestMilliseconds: 0, slowest: "", longestMessage: 0 };
  for (let n = 0; n < cases; n++) {
    const input =
      random.next() < 0.7 ? mutatedConfig(random) : { service: mutate(oneOf(SERVICE_SEEDS, random), random) };
    const started = performance.now();
    const messages = "service" in input ? serveService(allocator, input.service) : readConfig(input);
    const took = performance.now() - started;
    if (messages.length > 0) sum.refused++;
    sum.issues += messages.length;
    for (const message of messages) sum.longestMessage = Math.max(sum.longestMessage, message.length);
    if (took > sum.slowestMilliseconds) Object.assign(sum, { slowestMilliseconds: took, slowest: shortText(input) });
  }
  return { cases, seed, ...sum };
}

interface MutatedConfig {
  readonly list: List;
  readonly object: Json;
}

function mutatedConfig(random: Random): MutatedConfig {
  const list = oneOf(LISTS, random);
  return { list, object: mutate(CONFIG_SEEDS[list], random) };
}

function readConfig(input: MutatedConfig): readonly string[] {
  return telling(input, () => {
    const { list } = input;
    const object = asObject(input.object);
    const objects = {
      ...VALID,
      [list]: [...VALID[list], object],
      namespaces: NAMESPACES,
      nodes: [projectNode(object)],
    };
    const issues = validateConfig(objects);
    if (list === "bgpPeers") for (const version of ["v1beta1", "v1beta2"] as const) convertBgpPeer(object, version);
    const kind = KIND_OF[list];
    admit({ kind, operation: "CREATE", namespace: "metallb-system", name: "x", object }, VALID);
    return issues.map(formatIssue);
  });
}

function serveService(allocator: Allocator, service: Json): readonly string[] {
  return telling(service, () => {
    const view = projectService(asObject(service));
    const plan = planService(allocator, view, []);
    const update = statusUpdate(view, plan, "2026-01-01T00:00:00Z");
    JSON.stringify(update?.patch);
    return plan.refusal === undefined ? [] : (update?.events ?? []).map(({ message }) => message);
  });
}

/** Nothing is promised about an object but that it has metadata: the reflector sees to that. */
function asObject(json: Json): KubeObject {
  return Object.assign({ metadata: {} }, isObject(json) ? json : {}) as unknown as KubeObject;
}

function isObject(json: Json): json is { readonly [key: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function telling<T>(input: unknown, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new Error(`this input made it throw: ${shortText(input)}`, { cause });
  }
}

function shortText(input: unknown): string {
  return JSON.stringify(input).slice(0, 2_000);
}

function poolForEverybody(): KubeObject {
  const spec = { addresses: ["192.0.2.0/24", "2001:db8::/64"] };
  return { metadata: { name: "open", namespace: "metallb-system" }, spec };
}
