import type { Millis } from "../lib/duration.ts";
import type { KubeResult, ObjectName } from "./kube.ts";

/** Where a Pod serves HTTPS. */
export interface PodPort extends ObjectName {
  readonly port: number;
}

/** What a Pod answered, whatever its code. */
export interface PodAnswer {
  /** HTTP status. */
  readonly code: number;
  readonly text: string;
}

/** Reads what Pods serve, from wherever the API server can be reached. */
export interface PodReader {
  /**
   * GET of a path and query by the API server's proxy (`get` on `pods/proxy`). The error is the API server's, also when
   * it can't reach the Pod (503), or is of the way to it. The Pod does not see by whom it is asked but in `headers`.
   */
  read(
    pod: PodPort,
    path: string,
    options: { readonly headers: Readonly<Record<string, string>>; readonly timeout: Millis },
  ): Promise<KubeResult<PodAnswer>>;
  /** A bearer token of a service account that only `audience` takes (`create` on `serviceaccounts/token`). */
  requestToken(account: ObjectName, audience: string): Promise<KubeResult<string>>;
  /** The bearer token by which the API server knows us; undefined: it knows us by something else. */
  ownToken(): Promise<string | undefined>;
}
