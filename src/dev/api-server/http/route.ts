import type { Definition, Registry } from "../registry.ts";
import { badRequest, methodNotAllowed, noSuchResource } from "../errors.ts";

/** A request path below /api or /apis that names a resource. */
export interface ResourceRoute {
  readonly definition: Definition;
  /** "" for cluster-scoped resources and for all namespaces. */
  readonly namespace: string;
  /** "" for the collection. */
  readonly name: string;
  readonly subresource: string;
  /** The deprecated /watch/ prefix. */
  readonly watchPrefix: boolean;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`malformed path segment ${JSON.stringify(segment)}`);
  }
}

interface Parts {
  readonly group: string;
  readonly version: string;
  readonly rest: readonly string[];
}

/** The segments of a path, decoded; empty ones are left out. Throws 400. */
export function segmentsOf(path: string): readonly string[] {
  return path
    .split("/")
    .filter((segment) => segment !== "")
    .map(decode);
}

function split(path: string): Parts | undefined {
  const segments = segmentsOf(path);
  if (segments[0] === "api" && segments.length > 2)
    return { group: "", version: segments[1]!, rest: segments.slice(2) };
  if (segments[0] === "apis" && segments.length > 3) {
    return { group: segments[1]!, version: segments[2]!, rest: segments.slice(3) };
  }
  return undefined;
}

/**
 * Finds the resource that a path names; undefined when its group or version is not served. Throws 404 for an unknown
 * resource of a served version.
 */
export function routeResource(path: string, registry: Registry): ResourceRoute | undefined {
  const parts = split(path);
  if (parts === undefined || !(registry.groups().get(parts.group)?.includes(parts.version) ?? false)) return undefined;
  const watchPrefix = parts.rest[0] === "watch";
  const rest = watchPrefix ? parts.rest.slice(1) : parts.rest;
  const find = (plural: string): Definition | undefined => registry.find(parts.group, parts.version, plural);
  return inNamespace(rest, watchPrefix, find) ?? atClusterScope(rest, watchPrefix, find);
}

type Find = (plural: string) => Definition | undefined;

function inNamespace(rest: readonly string[], watchPrefix: boolean, find: Find): ResourceRoute | undefined {
  const [prefix, namespace = "", plural = "", name = "", ...more] = rest;
  const definition = prefix === "namespaces" ? find(plural) : undefined;
  if (definition?.served.namespaced !== true) return undefined;
  return { definition, namespace, name, subresource: subresourceOf(more), watchPrefix };
}

/** What follows `proxy` is not ours. */
function subresourceOf(segments: readonly string[]): string {
  return segments[0] === "proxy" ? "proxy" : segments.join("/");
}

function atClusterScope(rest: readonly string[], watchPrefix: boolean, find: Find): ResourceRoute {
  const [plural = "", name = "", ...more] = rest;
  const definition = find(plural);
  if (definition === undefined || (definition.served.namespaced && name !== "")) throw noSuchResource();
  return { definition, namespace: "", name, subresource: more.join("/"), watchPrefix };
}

/** The API verb of a request, as authorization and discovery name it. Throws 405. */
export function verbOf(method: string, route: ResourceRoute, watching: boolean): string {
  const collection = route.name === "";
  if (method === "GET" || method === "HEAD") return watching ? "watch" : collection ? "list" : "get";
  if (method === "POST") return "create";
  if (method === "PUT" && !collection) return "update";
  if (method === "PATCH" && !collection) return "patch";
  if (method === "DELETE") return collection ? "deletecollection" : "delete";
  throw methodNotAllowed();
}
