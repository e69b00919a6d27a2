import { CONFIG_KINDS, type ConfigKind } from "../../config/config-kinds.ts";
import { KINDS } from "../../config/kinds.ts";
import { projectNode } from "../../config/node.ts";
import type { ConfigObjects } from "../../config/validate.ts";
import { type Millis, millis } from "../../lib/duration.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { KubeClient, KubeObject, ResourceType } from "../../ports/kube.ts";
import { WEBHOOKS } from "./webhooks.ts";

const KINDS_CHECKED = Object.keys(WEBHOOKS) as readonly ConfigKind[];

interface Reader {
  readonly client: Pick<KubeClient, "list">;
  readonly clock: Clock;
  /** Where the configuration is. */
  readonly namespace: string;
}

/**
 * What is in the cluster now, as far as it matters to an object of `kind`: asked for and not taken from a watch, which
 * may be behind the object that was allowed a moment ago. The error says what could not be had within `timeout`.
 */
export async function readExisting(
  reader: Reader,
  kind: ConfigKind,
  timeout: Millis,
): Promise<Result<ConfigObjects, string>> {
  const { namespace } = reader;
  const unread = new Set<string>();
  const problems: string[] = [];
  const list = async (resource: ResourceType): Promise<readonly KubeObject[]> => {
    unread.add(resource.plural);
    const answer = await reader.client.list(resource, resource.namespaced ? { namespace } : {});
    unread.delete(resource.plural);
    if (answer.ok) return answer.value;
    problems.push(`${resource.plural}: ${answer.error.reason}: ${answer.error.message}`);
    return [];
  };
  const everything = Promise.all([
    Promise.all(KINDS_CHECKED.map(async (each) => [CONFIG_KINDS[each], await list(KINDS[each])] as const)),
    WEBHOOKS[kind].needsNodes ? list(KINDS.Node) : undefined,
  ]);
  const read = await within(reader.clock, timeout, everything);
  if (read === undefined) return err(`not listed within ${timeout} ms: ${[...unread].join(", ")}`);
  if (problems.length > 0) return err(problems.join("; "));
  const [objects, nodes] = read;
  return ok({
    ...(Object.fromEntries(objects) as unknown as ConfigObjects),
    ...(nodes === undefined ? {} : { nodes: nodes.map(projectNode) }),
  });
}

/** Undefined when it takes too long. */
async function within<T>(clock: Clock, timeout: Millis, work: Promise<T>): Promise<T | undefined> {
  let timer: Timer | undefined;
  const late = new Promise<undefined>((resolve) => (timer = clock.after(timeout, () => resolve(undefined))));
  try {
    return await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}

/** What is left of the API server's patience when we must have read everything. */
export function readingTime(patience: Millis): Millis {
  return millis(patience * 0.8);
}
