import { err, ok } from "../lib/result.ts";
import type { KubeError, KubeObject, KubeResult } from "../ports/kube.ts";
import { errorFromStatus, unexpectedAnswer } from "./kube-error.ts";
import { isObject } from "./page.ts";

/** One line of a watch. */
export type WatchEvent =
  | { readonly type: "set"; readonly object: KubeObject }
  | { readonly type: "delete"; readonly object: KubeObject }
  /** Everything up to `resourceVersion` has been told; `initialEnd`: and so has the complete initial list. */
  | { readonly type: "bookmark"; readonly resourceVersion: string; readonly initialEnd: boolean }
  /** The server ends the watch. */
  | { readonly type: "error"; readonly error: KubeError };

/** Set on the bookmark that ends the initial events of a streaming list. */
const INITIAL_END = "k8s.io/initial-events-end";

export function parseWatchEvent(line: string): KubeResult<WatchEvent> {
  let parsed: { readonly type?: unknown; readonly object?: unknown } | null;
  try {
    parsed = JSON.parse(line) as typeof parsed;
  } catch {
    return notAnEvent(line);
  }
  const object = parsed?.object;
  switch (parsed?.type) {
    case "ADDED":
    case "MODIFIED":
      return isObject(object) ? ok({ type: "set", object }) : notAnEvent(line);
    case "DELETED":
      return isObject(object) ? ok({ type: "delete", object }) : notAnEvent(line);
    case "BOOKMARK":
      return bookmark(object, line);
    case "ERROR":
      return ok({ type: "error", error: errorFromStatus(object) });
    default:
      return notAnEvent(line);
  }
}

function bookmark(object: unknown, line: string): KubeResult<WatchEvent> {
  const metadata = (object as Partial<KubeObject> | null | undefined)?.metadata;
  const resourceVersion = metadata?.resourceVersion;
  if (typeof resourceVersion !== "string") return notAnEvent(line);
  return ok({ type: "bookmark", resourceVersion, initialEnd: metadata?.annotations?.[INITIAL_END] === "true" });
}

function notAnEvent(line: string): KubeResult<never> {
  return err(unexpectedAnswer("NotAnEvent", `not a watch event: ${line.slice(0, 200)}`));
}
