import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { stringify } from "yaml";
import { internalError } from "../errors.ts";
import type { Status } from "../status.ts";
import { StatusError } from "../status.ts";
import { stringifyJson } from "../json-text.ts";

/**
 * Warning headers for texts that the client should print (RFC 9111 §5.5, code 299). Clients read UTF-8 in them; Node
 * takes one character for one byte, and none for control characters.
 */
function warningHeaders(warnings: readonly string[]): Record<string, string[]> {
  if (warnings.length === 0) return {};
  const header = (warning: string): string => {
    const quoted = warning.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll(/\p{Cc}/gu, " ");
    return `299 - "${Buffer.from(quoted).toString("latin1")}"`;
  };
  // A write that starts over warns again.
  return { warning: [...new Set(warnings)].slice(0, 100).map(header) };
}

export interface Answer {
  readonly code: number;
  readonly body: object;
  readonly format?: "json" | "yaml";
  readonly warnings?: readonly string[];
  readonly contentType?: string;
}

/** Sends an object as JSON, ended by a newline as Go does it, or as YAML. */
export function sendObject(response: ServerResponse, answer: Answer): void {
  const yaml = answer.format === "yaml";
  const text = yaml ? stringify(answer.body, { aliasDuplicateObjects: false }) : `${stringifyJson(answer.body)}\n`;
  // As bytes: Node would send the header in the encoding of a text that follows it.
  const bytes = Buffer.from(text);
  const headers = {
    "cache-control": "no-cache, private",
    "content-type": answer.contentType ?? (yaml ? "application/yaml" : "application/json"),
    "content-length": bytes.length,
    ...warningHeaders(answer.warnings ?? []),
  };
  response.writeHead(answer.code, headers).end(bytes);
}

export function sendText(response: ServerResponse, code: number, text: string): void {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  response.writeHead(code, { ...headers, "content-length": Buffer.byteLength(text) }).end(text);
}

/** Sends a cacheable document, or 304 when the client has it already. By default it is asked for again each time. */
export function sendDocument(
  request: IncomingMessage,
  response: ServerResponse,
  contentType: string,
  body: Uint8Array | object,
  cacheControl = "public",
): void {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(`${JSON.stringify(body)}\n`);
  const etag = `"${createHash("sha256").update(bytes).digest("hex").toUpperCase()}"`;
  const headers = { etag, vary: "Accept", "cache-control": cacheControl };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, { ...headers, "content-type": contentType, "content-length": bytes.length }).end(bytes);
}

/** Sends a Status for whatever was thrown, with the warnings so far. What is not a StatusError is a mistake of this server: 500. */
export function sendError(response: ServerResponse, thrown: unknown, warnings: readonly string[]): void {
  const status = thrown instanceof StatusError ? thrown.status : internal(thrown);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const retryAfter = status.details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.setHeader("retry-after", String(retryAfter));
  sendObject(response, { code: status.code, body: status, warnings });
}

function internal(thrown: unknown): Status & { readonly code: number } {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return internalError(why).status;
}
