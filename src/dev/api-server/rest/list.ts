import { badRequest } from "../errors.ts";
import { expired, invalid } from "../errors.ts";
import { forbiddenValue } from "../field-errors.ts";
import type { Kernel } from "../kernel.ts";
import type { ApiObject } from "../objects.ts";
import type { Definition } from "../registry.ts";
import type { Matcher } from "../selectors.ts";
import { parseFieldSelector, parseLabelSelector } from "../selectors.ts";
import { StatusError } from "../status.ts";
import { keyOf } from "../storage.ts";
import { servedForms } from "./forms.ts";

export interface ListResult {
  readonly items: readonly ApiObject[];
  readonly resourceVersion: string;
  readonly continueToken?: string;
  readonly remaining?: number;
}

/** Where a list goes on: after which key, in the state of which revision. */
interface Continuation {
  readonly revision: number;
  readonly after: string;
}

/** One matcher for both selectors of a list or watch. Throws 400. */
export function selectorOf(query: URLSearchParams, definition: Definition): Matcher {
  const byLabel = parseLabelSelector(query.get("labelSelector"));
  const byField = parseFieldSelector(query.get("fieldSelector"), definition.strategy.fieldLabels);
  return (object) => byLabel(object) && byField(object);
}

/** A resourceVersion parameter; undefined when it is absent. Throws 400. */
export function revisionOf(query: URLSearchParams): number | undefined {
  const text = query.get("resourceVersion") ?? "";
  if (text === "") return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw badRequest(
    `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

/** 504, as the watch cache of a real server answers after waiting for a revision that doesn't come. */
function tooLargeRevision(asked: number, current: number): StatusError {
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`;
  return new StatusError(504, "Timeout", message, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}

function encodeContinue({ revision, after }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: after })).toString("base64url");
}

function badContinue(why: string): StatusError {
  return badRequest(`invalid continue token: continue key is not valid: ${why}`);
}

function decodeContinue(token: string): Continuation {
  const illegal = /[^A-Za-z0-9_-]/.exec(token);
  if (illegal !== null) throw badContinue(`illegal base64 data at input byte ${illegal.index}`);
  if (token.length % 4 === 1) throw badContinue(`illegal base64 data at input byte ${token.length - 1}`);
  let decoded: { rv?: unknown; start?: unknown };
  try {
    decoded = JSON.parse(Buffer.from(token, "base64url").toString()) as typeof decoded;
  } catch {
    throw badContinue("invalid character in token");
  }
  const { rv, start } = decoded;
  if (typeof rv !== "number" || typeof start !== "string") throw badContinue("incorrect encoded start resourceVersion");
  return { revision: rv, after: start };
}

function limitOf(query: URLSearchParams): number {
  const text = query.get("limit") ?? "0";
  if (!/^-?\d{1,15}$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Math.max(0, Number(text));
}

function checkMatch(query: URLSearchParams, revision: number | undefined, token: string): string {
  const match = query.get("resourceVersionMatch") ?? "";
  if (match === "") return match;
  const complain = (why: string): never => {
    const options = { group: "meta.k8s.io", kind: "ListOptions" };
    throw invalid(options, "", [forbiddenValue("resourceVersionMatch", why)]);
  };
  if (revision === undefined) complain("resourceVersionMatch is forbidden unless resourceVersion is provided");
  if (token !== "") complain("resourceVersionMatch is forbidden when continue is provided");
  if (match === "Exact" && revision === 0)
    complain('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  return match;
}

function page(objects: readonly ApiObject[], after: string | undefined, limit: number, revision: number): ListResult {
  const start = after === undefined ? 0 : objects.findIndex((object) => keyOf(object) > after);
  const rest = start === -1 ? [] : objects.slice(start);
  const resourceVersion = String(revision);
  if (limit === 0 || rest.length <= limit) return { items: rest, resourceVersion };
  const items = rest.slice(0, limit);
  const continueToken = encodeContinue({ revision, after: keyOf(items.at(-1)!) });
  return { items, resourceVersion, continueToken, remaining: rest.length - limit };
}

/**
 * Lists with selectors, pages and resourceVersion semantics as the API documents them. All pages of one list show
 * the state of its first page. Rejects with 400, 410, 422 or 504.
 */
export async function listObjects(
  kernel: Kernel,
  definition: Definition,
  namespace: string | undefined,
  query: URLSearchParams,
): Promise<ListResult> {
  const { storage } = kernel;
  const matches = selectorOf(query, definition);
  const asked = revisionOf(query);
  const token = query.get("continue") ?? "";
  const match = checkMatch(query, asked, token);
  const served = async (objects: ApiObject[]): Promise<ApiObject[]> =>
    (await servedForms(definition, objects)).filter(matches);
  if (token !== "") {
    if (asked !== undefined && asked !== 0)
      throw badRequest("specifying resource version is not allowed when using continue");
    const { revision, after } = decodeContinue(token);
    const objects = continued(kernel, definition, namespace, revision);
    return page(await served(objects), after, limitOf(query), revision);
  }
  if (asked !== undefined && asked > storage.revision) throw tooLargeRevision(asked, storage.revision);
  if (match === "Exact") {
    const revision = asked!;
    const objects = storage.listAt(definition.table, namespace, revision);
    return page(await served(objects), undefined, limitOf(query), revision);
  }
  const limit = asked === 0 ? 0 : limitOf(query);
  const { revision } = storage;
  return page(await served(storage.list(definition.table, namespace)), undefined, limit, revision);
}

function continued(kernel: Kernel, definition: Definition, namespace: string | undefined, at: number): ApiObject[] {
  try {
    return kernel.storage.listAt(definition.table, namespace, at);
  } catch {
    throw expired(
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    );
  }
}
