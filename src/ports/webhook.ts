import type { Millis } from "../lib/duration.ts";
import type { Result } from "../lib/result.ts";
import type { KubeObject } from "./kube.ts";

/** What somebody wants to do to one object. The objects are unchecked behind their metadata. */
export interface AdmissionRequest {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  /** "" for cluster-scoped objects. */
  readonly namespace: string;
  /** "" while the API server has not made one of `generateName`. */
  readonly name: string;
  /** As it would be stored; absent on DELETE. */
  readonly object?: KubeObject;
  /** As it is stored; absent on CREATE. */
  readonly oldObject?: KubeObject;
  /** The API server waits this long. */
  readonly timeout: Millis;
}

export interface AdmissionAnswer {
  readonly allowed: boolean;
  /** HTTP status that the user's client sees: 403 for what is wrong with the object, 500 for what is wrong with us. */
  readonly code: 200 | 403 | 500;
  /** Why not; "" when it is allowed. */
  readonly message: string;
  /** Shown to the user in either case. */
  readonly warnings: readonly string[];
}

/** Never rejects. */
export type Admit = (request: AdmissionRequest) => Promise<AdmissionAnswer>;

/** The object in the version `apiVersion` (`group/version`), or why it can't be had. */
export type Convert = (object: KubeObject, apiVersion: string) => Result<KubeObject, string>;

/** What is served, by URL path. */
export interface WebhookRoutes {
  readonly admission: Readonly<Record<string, Admit>>;
  readonly conversion: Readonly<Record<string, Convert>>;
}
