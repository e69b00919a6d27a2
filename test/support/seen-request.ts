import type { IncomingMessage } from "node:http";

/** A request to an API server, as it is seen from outside. */
export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for what is no resource, `document`. */
  readonly verb: string;
  /** `services`, `ipaddresspools.metallb.io`; "" for what is no resource. */
  readonly resource: string;
  /** `status`; "" is the object itself. */
  readonly subresource: string;
  /** "" for cluster scope and for all namespaces. */
  readonly namespace: string;
  /** "" for collections. */
  readonly name: string;
  /** Who asks, by its token. */
  readonly user: string;
}

const WRITES: ReadonlySet<string> = new Set(["create", "update", "patch", "delete", "deletecollection"]);

/** Whether a request would change something. */
export function isWrite({ verb }: SeenRequest): boolean {
  return WRITES.has(verb);
}

/** Which requests are meant: those with all of these values, or those for which a function says so. */
export type RequestMatch = Partial<SeenRequest> | ((request: SeenRequest) => boolean);

export function matches(match: RequestMatch, request: SeenRequest): boolean {
  if (typeof match === "function") return match(request);
  return Object.entries(match).every(([field, value]) => request[field as keyof SeenRequest] === value);
}

/** Reads method, path and query of a request as an API server does. */
export function seenRequest({ method = "GET", url = "/" }: IncomingMessage, user: string): SeenRequest {
  const { pathname, searchParams } = new URL(url, "https://server");
  const target = targetOf(pathname.split("/").slice(1).map(decodeURIComponent));
  const watching = ["1", "true"].includes(searchParams.get("watch") ?? "");
  const verb = target.resource === "" ? "document" : verbOf(method, target.name, watching);
  return { method, path: url, user, verb, ...target };
}

type Target = Pick<SeenRequest, "resource" | "subresource" | "namespace" | "name">;

const NO_RESOURCE: Target = { resource: "", subresource: "", namespace: "", name: "" };
const NAMESPACE_SUBRESOURCES: readonly (string | undefined)[] = [undefined, "status", "finalize"];

function targetOf([root, ...segments]: readonly string[]): Target {
  if (root === "api") return inGroup("", segments.slice(1));
  return root === "apis" ? inGroup(`.${segments[0]}`, segments.slice(2)) : NO_RESOURCE;
}

function inGroup(suffix: string, path: readonly string[]): Target {
  if (path[0] === undefined) return NO_RESOURCE;
  const inNamespace = path[0] === "namespaces" && !NAMESPACE_SUBRESOURCES.includes(path[2]);
  const [plural = "", name = "", ...more] = inNamespace ? path.slice(2) : path;
  return { resource: plural + suffix, subresource: more.join("/"), namespace: inNamespace ? path[1]! : "", name };
}

function verbOf(method: string, name: string, watching: boolean): string {
  switch (method) {
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return name === "" ? "deletecollection" : "delete";
    default:
      return watching ? "watch" : name === "" ? "list" : "get";
  }
}
