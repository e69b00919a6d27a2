import { millis, seconds, type Millis } from "../lib/duration.ts";
import { errorMessage } from "../lib/errors.ts";
import type { KubeError } from "../ports/kube.ts";

/** Reasons of answers that carry no Status object, by HTTP status. */
const REASONS: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

const MAX_MESSAGE = 1024;

/** No answer came: refused, reset, timed out, unreadable credentials. All of that may heal. */
export function errorWithoutAnswer(thrown: unknown): KubeError {
  const code = (thrown as { readonly code?: unknown } | null)?.code;
  return {
    code: 0,
    reason: typeof code === "string" ? code : "NoAnswer",
    message: errorMessage(thrown).slice(0, MAX_MESSAGE),
    retryable: true,
  };
}

/** An answer that isn't what was asked for; `reason` is ours. */
export function unexpectedAnswer(reason: string, message: string): KubeError {
  return { code: 0, reason, message: message.slice(0, MAX_MESSAGE), retryable: true };
}

/** An answer with an error status. `body` is a Status object from an API server, anything from a proxy before it. */
export function errorFromAnswer(code: number, body: string, retryAfterHeader?: string): KubeError {
  const status = parseStatus(body);
  const known = REASONS[code] ?? (code >= 500 ? "InternalError" : "BadRequest");
  return fromStatus(code, status, {
    reason: known,
    message: body.trim() === "" ? `HTTP ${code}` : `HTTP ${code}: ${body.trim()}`,
    retryAfter: retryAfterOf(retryAfterHeader),
  });
}

/** The object of a watch's ERROR event. */
export function errorFromStatus(object: unknown): KubeError {
  const status = isRecord(object) ? object : {};
  const code = typeof status["code"] === "number" ? status["code"] : 500;
  return fromStatus(code, status, {
    reason: REASONS[code] ?? "InternalError",
    message: "watch error",
    retryAfter: undefined,
  });
}

function fromStatus(
  code: number,
  status: Readonly<Record<string, unknown>>,
  fallback: { readonly reason: string; readonly message: string; readonly retryAfter: Millis | undefined },
): KubeError {
  const reason = typeof status["reason"] === "string" && status["reason"] !== "" ? status["reason"] : fallback.reason;
  const message = typeof status["message"] === "string" ? status["message"] : fallback.message;
  const retryAfter = fallback.retryAfter ?? retryAfterOfDetails(status["details"]);
  return {
    code,
    reason,
    message: message.slice(0, MAX_MESSAGE),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    retryable: isRetryable(code, reason),
  };
}

/** A conflict is retried after reading again; 401 because tokens rotate; what is invalid or forbidden stays so. */
function isRetryable(code: number, reason: string): boolean {
  if (code === 409) return reason !== "AlreadyExists";
  return code === 401 || code === 408 || code === 429 || code >= 500;
}

/** RFC 9110 §10.2.3, in its seconds form, which is the only one API servers send. Capped at a minute. */
function retryAfterOf(header: string | undefined): Millis | undefined {
  return header !== undefined && /^\d{1,9}$/.test(header) ? capped(Number(header)) : undefined;
}

function retryAfterOfDetails(details: unknown): Millis | undefined {
  const given = isRecord(details) ? details["retryAfterSeconds"] : undefined;
  return typeof given === "number" && given > 0 ? capped(given) : undefined;
}

function capped(retryAfterSeconds: number): Millis {
  return millis(Math.min(seconds(retryAfterSeconds), seconds(60)));
}

function parseStatus(body: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) && parsed["kind"] === "Status" ? parsed : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
