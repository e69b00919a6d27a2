import type { Millis } from "../lib/duration.ts";
import type { Result } from "../lib/result.ts";
import type { WritePermit } from "./leadership.ts";

/** Where a kind lives in the API; `group` is "" for core/v1. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Names one object; `namespace` is "" for cluster-scoped kinds. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name`, or `name` for cluster-scoped objects. */
export type ObjectKey = string;

export interface KubeMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly generateName?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly KubeOwnerReference[];
}

export interface KubeOwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** An API object as it came over the wire. Everything behind `metadata` is unchecked: projections check what they use. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}

export interface KubeError {
  /** HTTP status; 0 when no answer came. */
  readonly code: number;
  /** The Status object's reason (`Conflict`, `NotFound`, …), an errno such as `ECONNREFUSED`, or `NotLeader`. */
  readonly reason: string;
  readonly message: string;
  /** The server's Retry-After. */
  readonly retryAfter?: Millis;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
}

export type KubeResult<T> = Result<T, KubeError>;

export interface WatchOptions<T> {
  readonly resource: ResourceType;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Reduces an object to what is kept. Runs once per object as it is parsed; the object is not kept. Must not throw. */
  project(object: KubeObject): T;
}

/** What a watch tells. After a relist only the differences are told. */
export interface WatchSink<T> {
  set(key: ObjectKey, value: T): void;
  delete(key: ObjectKey): void;
  /** The first complete list has been told. Called once. */
  synced(): void;
}

export interface KubeWatcher {
  /** Lists, then watches until closed; heals every break by itself. */
  watch<T>(options: WatchOptions<T>, sink: WatchSink<T>): { close(): void };
}

/** What every request may be bounded by. */
export interface RequestLimits {
  /** The answer is not waited for longer than this. */
  readonly timeout?: Millis;
  /**
   * Nothing is sent without it, and what is under way is given up when it ends (reason `NotLeader`; the outcome is then
   * unknown). The server is asked to drop the request by then, too.
   */
  readonly permit?: WritePermit;
}

export interface WriteOptions extends RequestLimits {
  readonly subresource?: "status";
  readonly fieldManager?: string;
}

export type PatchType = "merge" | "json" | "apply";

/** Reads and writes of single objects. One request each: retrying is the caller's decision. */
export interface KubeClient {
  get(
    resource: ResourceType,
    name: ObjectName,
    options?: Pick<RequestLimits, "timeout">,
  ): Promise<KubeResult<KubeObject>>;
  list(
    resource: ResourceType,
    options?: { readonly namespace?: string; readonly labelSelector?: string },
  ): Promise<KubeResult<readonly KubeObject[]>>;
  create(
    resource: ResourceType,
    body: object,
    options?: RequestLimits & { readonly namespace?: string },
  ): Promise<KubeResult<KubeObject>>;
  replace(
    resource: ResourceType,
    name: ObjectName,
    body: object,
    options?: WriteOptions,
  ): Promise<KubeResult<KubeObject>>;
  /** `apply` is server-side apply and needs `fieldManager`; it is forced. */
  patch(
    resource: ResourceType,
    name: ObjectName,
    patch: { readonly type: PatchType; readonly body: unknown },
    options?: WriteOptions,
  ): Promise<KubeResult<KubeObject>>;
  delete(
    resource: ResourceType,
    name: ObjectName,
    options?: RequestLimits & { readonly uid?: string },
  ): Promise<KubeResult<undefined>>;
}

export interface KubeEvent {
  /** The object the event is about. */
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** Kubernetes Events (core/v1). Never blocks and never fails its caller. Repeats raise `count` on the first event. */
export interface EventRecorder {
  record(event: KubeEvent): void;
}
