import type { Attributes, ResourceAttributes } from "./attributes.ts";

/** Verbs by HTTP method; others have none, which no rule but `*` allows. */
const VERBS: Readonly<Record<string, string>> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** `namespaces/x/status` is the status of a Namespace, `namespaces/x/services` are the Services in it. */
const NAMESPACE_SUBRESOURCES = new Set(["status", "finalize"]);

/** A request as it came in. */
export interface AskedRequest {
  readonly method: string;
  readonly path: string;
  /** The path's segments, decoded, without empty ones. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

/**
 * What a request asks for, from its method and URL alone: the same whether the resource exists or not. Rules of
 * k8s.io/apiserver's RequestInfoFactory.
 */
export function requestAttributes({ method, path, segments, query }: AskedRequest): Attributes {
  const nothing = { verb: method.toLowerCase(), path };
  const [prefix, ...afterPrefix] = segments;
  if (prefix === "api" && segments.length > 2)
    return resourceAttributes(method, query, ["", ...afterPrefix]) ?? nothing;
  if (prefix === "apis" && segments.length > 3) return resourceAttributes(method, query, afterPrefix) ?? nothing;
  return nothing;
}

function resourceAttributes(
  method: string,
  query: URLSearchParams,
  [group = "", version = "", ...rest]: readonly string[],
): ResourceAttributes | undefined {
  const isWatch = rest[0] === "watch";
  const { namespace, parts } = inNamespace(isWatch ? rest.slice(1) : rest);
  const [resource, name = "", subresource = ""] = parts;
  if (resource === undefined) return undefined;
  const asked = { group, version, resource, subresource, namespace };
  const verb = isWatch ? "watch" : (VERBS[method] ?? "");
  if (name !== "") return { ...asked, name, verb };
  return { ...asked, ...ofCollection(verb, query) };
}

/** What is created has no name yet, and a collection is deleted whatever its selectors say. */
function ofCollection(verb: string, query: URLSearchParams): { readonly verb: string; readonly name: string } {
  if (verb === "delete") return { verb: "deletecollection", name: "" };
  if (verb !== "get") return { verb, name: "" };
  return { verb: isTrue(query.get("watch")) ? "watch" : "list", name: selectedName(query) };
}

function inNamespace(parts: readonly string[]): { readonly namespace: string; readonly parts: readonly string[] } {
  const [first, namespace = "", inside] = parts;
  if (first !== "namespaces") return { namespace: "", parts };
  if (inside === undefined || NAMESPACE_SUBRESOURCES.has(inside)) return { namespace, parts };
  return { namespace, parts: parts.slice(2) };
}

function isTrue(value: string | null): boolean {
  return value === "true" || value === "1";
}

/** Lists and watches of one object by its name are allowed by that name. */
function selectedName(query: URLSearchParams): string {
  const terms = (query.get("fieldSelector") ?? "").split(",");
  const name = terms
    .map((term) => /^\s*metadata\.name={1,2}(.*)$/s.exec(term)?.[1])
    .find((value) => value !== undefined);
  return name === undefined || name === "." || name === ".." || /[/%]/.test(name) ? "" : name;
}
