import type { IncomingMessage } from "node:http";
import { badRequest, unsupportedMediaType } from "../errors.ts";
import { parseMediaType } from "../negotiate.ts";
import type { Json } from "../objects.ts";
import { isRecord } from "../objects.ts";
import { decodeProtobuf } from "../protobuf/decode.ts";
import { StatusError } from "../status.ts";
import { goJsonError } from "./go-json-error.ts";
import { parseJson } from "../json-text.ts";
import { parseYaml, unsafe } from "../patch/body.ts";

/** What a real API server takes for one request: 3 MiB. */
const MAX_BODY = 3 * 1024 * 1024;

const ACCEPTED = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

/** Reads the whole body. Throws 413 when it is larger than 3 MiB, without keeping what is above. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > MAX_BODY) {
    throw new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${MAX_BODY}`, {});
  }
  return Buffer.concat(chunks);
}

/** Beginning of a body in error messages, as a real API server shows it. */
function summary(body: Buffer): string {
  if (body.length === 0) return "<empty>";
  const more = body.length > 30 ? " ..." : "";
  const head = body.subarray(0, 30);
  return body[0] === 0x7b ? head.toString() + more : head.toString("hex") + more;
}

function unrecognized(kind: string, why: string, body: Buffer): StatusError {
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summary(body)})`);
}

function decodeJson(body: Buffer, kind: string): unknown {
  const text = body.toString();
  try {
    return parseJson(text);
  } catch {
    throw unrecognized(kind, `couldn't get version/kind; json parse error: ${goJsonError(text)}`, body);
  }
}

function decodeYaml(body: Buffer, kind: string): unknown {
  try {
    return parseYaml(body.toString());
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw unrecognized(kind, `couldn't get version/kind; yaml parse error: ${why}`, body);
  }
}

/**
 * The object in a request body of JSON, YAML or protobuf. `kind` is what the resource expects, for messages and for
 * bodies that leave it out. Throws 400 or 415.
 */
export function decodeObject(body: Buffer, contentType: string | undefined, kind: string): Json {
  const { type } = parseMediaType(contentType ?? "application/json");
  let value: unknown;
  if (type === "application/json" || type === "") value = decodeJson(body, kind);
  else if (type === "application/yaml") value = decodeYaml(body, kind);
  else if (type === "application/vnd.kubernetes.protobuf") {
    const decoded = decodeProtobuf(body);
    value = { ...decoded.object, apiVersion: decoded.apiVersion, kind: decoded.kind };
  } else throw unsupportedMediaType(ACCEPTED);
  const reason = unsafe(value);
  if (reason !== undefined) throw unrecognized(kind, reason, body);
  if (!isRecord(value)) {
    throw unrecognized(kind, "couldn't get version/kind; json parse error: cannot unmarshal into Go value", body);
  }
  return value;
}
