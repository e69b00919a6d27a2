import type { IncomingMessage } from "node:http";
import { errorMessage } from "../lib/errors.ts";
import { err, ok, type Result } from "../lib/result.ts";

/** Why a request is refused, with the HTTP status that says so. */
export interface BadRequest {
  readonly status: 400 | 413 | 415 | 503;
  readonly message: string;
}

/** Memory for the bodies of all requests together. Nobody needs a password to send one. */
export interface ByteBudget {
  left: number;
}

/** Objects of ours nest eight levels, managed fields a few more. Deeper texts only want to exhaust the stack. */
const MAX_DEPTH = 64;

/** The JSON value in the body of a request, which is read only as long as `maxBytes` and the budget allow. */
export async function readJson(
  request: IncomingMessage,
  maxBytes: number,
  budget: ByteBudget,
): Promise<Result<unknown, BadRequest>> {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (type !== "application/json") return refuse(415, "the body must be application/json");
  const tooLarge = refuse(413, `the body is larger than ${maxBytes} bytes`);
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return tooLarge;
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      budget.left -= chunk.length;
      if (length > maxBytes) return tooLarge;
      if (budget.left < 0) return refuse(503, "too many bytes are being read at once");
      chunks.push(chunk);
    }
    return parseJson(Buffer.concat(chunks).toString("utf8"));
  } finally {
    budget.left += length;
  }
}

/** The value of a JSON text that does not nest too deep. */
export function parseJson(text: string): Result<unknown, BadRequest> {
  if (depthOf(text) > MAX_DEPTH) return refuse(400, `the body nests deeper than ${MAX_DEPTH} levels`);
  try {
    return ok(JSON.parse(text));
  } catch (error) {
    return refuse(400, `the body is not JSON: ${errorMessage(error)}`);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const STEPS: Readonly<Record<number, number>> = { 0x5b: 1, 0x7b: 1, 0x5d: -1, 0x7d: -1 };

/** How deep brackets nest outside of strings. Right for every valid text; of others the parser has the last word. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) inString = !inString;
    else if (inString && code === BACKSLASH) i++;
    else if (!inString) deepest = Math.max(deepest, (depth += STEPS[code] ?? 0));
  }
  return deepest;
}

function refuse(status: BadRequest["status"], message: string): { readonly ok: false; readonly error: BadRequest } {
  return err({ status, message });
}
