import { err, ok } from "../lib/result.ts";
import type { KubeObject, KubeResult } from "../ports/kube.ts";
import { unexpectedAnswer } from "./kube-error.ts";

/** Objects per page: small enough that parsing one page doesn't show in anybody's latency. */
export const LIST_LIMIT = 500;

/** A server may ignore `limit`; beyond this a list is refused rather than held. V8's longest string is 512 MiB. */
export const MAX_PAGE_BYTES = 256 * 1024 * 1024;

/** One page of a list. Items have a metadata.name and carry neither kind nor apiVersion for core kinds. */
export interface Page {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  /** Asks for the next page; undefined on the last. */
  readonly continueToken: string | undefined;
}

export function parsePage(text: string): KubeResult<Page> {
  const list = parseJson(text) as {
    readonly items?: unknown;
    readonly metadata?: { readonly resourceVersion?: unknown; readonly continue?: unknown };
  } | null;
  const { resourceVersion, continue: token } = list?.metadata ?? {};
  // Go writes an empty list as null in some places.
  const items = list?.items ?? [];
  if (typeof resourceVersion !== "string" || !Array.isArray(items) || !items.every(isObject)) return notAList(text);
  return ok({ items, resourceVersion, continueToken: typeof token === "string" && token !== "" ? token : undefined });
}

/** null for what isn't JSON: neither is an object. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whether this has what everything behind relies on: a name, and a namespace and version that are text if present. */
export function isObject(value: unknown): value is KubeObject {
  const metadata = (value as { readonly metadata?: Readonly<Record<string, unknown>> | null } | null)?.metadata;
  if (typeof metadata !== "object" || metadata === null) return false;
  const { name, namespace, resourceVersion } = metadata;
  return typeof name === "string" && isOptionalText(namespace) && isOptionalText(resourceVersion);
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function notAList(text: string): KubeResult<never> {
  return err(
    unexpectedAnswer("NotAList", `the server answered with something else than a list: ${text.slice(0, 200)}`),
  );
}
