import type { Result } from "../lib/result.ts";
import { STATE_AUDIENCE, STATE_PATH } from "../lib/state-access.ts";
import type { ServedDocument } from "../telemetry/http.ts";

/** A speaker's state as its metrics server serves it. */
export function stateDocument(speaker: { state(query: URLSearchParams): Result<string, string> }): ServedDocument {
  return {
    path: STATE_PATH,
    audience: STATE_AUDIENCE,
    contentType: "application/json",
    read: (query) => speaker.state(query),
  };
}
