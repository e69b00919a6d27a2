import { StatusError } from "./status.ts";

/** How the client wants the answer. */
export interface Representation {
  readonly format: "json" | "yaml";
  /** `as=` of the Accept header, with the meta.k8s.io version it asks for. */
  readonly as?: "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  readonly metaVersion: "v1" | "v1beta1";
}

export interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Media ranges of an Accept header, best first (RFC 9110 §12.5.1). At most 50 are looked at. */
export function parseAccept(header: string | undefined): MediaRange[] {
  const ranges = (header ?? "*/*").split(",").slice(0, 50).map(parseMediaType);
  const quality = (range: MediaRange): number => Number(range.parameters["q"] ?? 1);
  return ranges.filter((range) => quality(range) > 0).sort((a, b) => quality(b) - quality(a));
}

/** `type/subtype;name=value` */
export function parseMediaType(text: string): MediaRange {
  const [type = "", ...rest] = text.split(";").map((part) => part.trim());
  const parameters = Object.fromEntries(
    rest.map((part) => {
      const [name = "", value = ""] = part.split("=", 2);
      return [name.toLowerCase(), value.replaceAll('"', "")];
    }),
  );
  return { type: type.toLowerCase(), parameters };
}

const FORMATS: Readonly<Record<string, "json" | "yaml">> = {
  "application/json": "json",
  "application/yaml": "yaml",
  "application/*": "json",
  "*/*": "json",
};

const PROJECTIONS = ["Table", "PartialObjectMetadata", "PartialObjectMetadataList"] as const;

function representation(range: MediaRange, watching: boolean): Representation | undefined {
  const format = Object.hasOwn(FORMATS, range.type) ? FORMATS[range.type] : undefined;
  if (format === undefined || (watching && format === "yaml")) return undefined;
  const { as, g, v } = range.parameters;
  if (as === undefined) return { format, metaVersion: "v1" };
  const projection = PROJECTIONS.find((known) => known === as);
  const versionKnown = v === "v1" || v === "v1beta1";
  if (projection === undefined || g !== "meta.k8s.io" || !versionKnown) return undefined;
  return { format, as: projection, metaVersion: v };
}

/** The media types that a real API server lists here, protobuf included. */
const OFFERED =
  "application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

/** Throws 406 when nothing that the client accepts is offered. Protobuf is never chosen: every client also takes JSON. */
export function negotiate(accept: string | undefined, watching = false): Representation {
  for (const range of parseAccept(accept)) {
    const found = representation(range, watching);
    if (found !== undefined) return found;
  }
  const message = `406: Not Acceptable\n\nAvailable representations: ${OFFERED}`;
  throw new StatusError(406, "NotAcceptable", message, {});
}
