import type { Representation } from "./negotiate.ts";
import type { ApiObject, Json } from "./objects.ts";
import { isRecord } from "./objects.ts";
import type { ServedResource } from "./resources.ts";
import { apiVersionOf } from "./resources.ts";
import type { ListResult } from "./rest/list.ts";
import { printerOf } from "./tables/printers.ts";

/** What a Table's rows carry of their objects. */
export type IncludeObject = "None" | "Metadata" | "Object";

export function includeObject(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject");
  return value === "None" || value === "Object" ? value : "Metadata";
}

export function partialMetadata(object: ApiObject, metaVersion: string): Json {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${metaVersion}`, metadata: object.metadata };
}

interface TableInput {
  readonly objects: readonly ApiObject[];
  readonly metadata: Json;
  readonly resource: ServedResource;
  readonly include: IncludeObject;
  readonly metaVersion: string;
  readonly wallTime: number;
  /** Watches send the columns only with the first event. */
  readonly withColumns: boolean;
}

export function table(input: TableInput): Json {
  const printer = printerOf(input.resource);
  const rowObject = (object: ApiObject): Json => {
    if (input.include === "None") return {};
    return { object: input.include === "Object" ? object : partialMetadata(object, input.metaVersion) };
  };
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${input.metaVersion}`,
    metadata: input.metadata,
    columnDefinitions: input.withColumns ? printer.columns : null,
    rows: input.objects.map((object) => ({ cells: printer.cells(object, input.wallTime), ...rowObject(object) })),
  };
}

/** One object in the form that the client asked for. */
export function representObject(
  object: Json,
  resource: ServedResource,
  how: Representation,
  context: { readonly include: IncludeObject; readonly wallTime: number },
): Json {
  if (how.as === undefined || !isRecord(object["metadata"]) || object["kind"] === "Status") return object;
  const served = object as ApiObject;
  if (how.as === "Table") {
    const metadata = { resourceVersion: served.metadata.resourceVersion };
    const { metaVersion } = how;
    return table({ objects: [served], metadata, resource, metaVersion, withColumns: true, ...context });
  }
  return partialMetadata(served, how.metaVersion);
}

function listMetadata(list: ListResult): Json {
  return {
    resourceVersion: list.resourceVersion,
    ...(list.continueToken === undefined ? {} : { continue: list.continueToken }),
    ...(list.remaining === undefined ? {} : { remainingItemCount: list.remaining }),
  };
}

/** Items of built-in lists carry neither kind nor apiVersion. */
function bareItem(object: ApiObject): Json {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}

/** A list in the form that the client asked for. */
export function representList(
  list: ListResult,
  resource: ServedResource,
  how: Representation,
  context: { readonly include: IncludeObject; readonly wallTime: number },
): Json {
  const metadata = listMetadata(list);
  const { metaVersion } = how;
  if (how.as === "Table") {
    return table({ objects: list.items, metadata, resource, metaVersion, withColumns: true, ...context });
  }
  if (how.as !== undefined) {
    const items = list.items.map((object) => partialMetadata(object, metaVersion));
    return { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${metaVersion}`, metadata, items };
  }
  const items = resource.custom ? list.items : list.items.map(bareItem);
  return { kind: resource.listKind, apiVersion: apiVersionOf(resource), metadata, items };
}
