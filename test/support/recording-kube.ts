import type {
  EventRecorder,
  KubeClient,
  KubeError,
  KubeEvent,
  KubeMetadata,
  KubeObject,
  KubeResult,
  KubeWatcher,
  ObjectKey,
  ObjectName,
  ResourceType,
  WatchOptions,
  WatchSink,
} from "../../src/ports/kube.ts";
import jsonPatch, { type Operation } from "fast-json-patch";
import { err, ok } from "../../src/lib/result.ts";
import { mergePatch } from "./merge-patch.ts";

export type Verb = "get" | "list" | "create" | "replace" | "patch" | "delete";

/** One call of the code under test, in order of arrival. */
export interface RecordedRequest {
  readonly verb: Verb;
  readonly resource: ResourceType;
  readonly key: ObjectKey;
  readonly subresource: "status" | undefined;
  readonly body: unknown;
  /** "ok", or the reason of the refusal. */
  readonly outcome: string;
}

interface Watch {
  readonly resource: ResourceType;
  readonly deliver: (key: ObjectKey, object: KubeObject | undefined) => void;
}

interface Failure {
  readonly matches: (request: Omit<RecordedRequest, "outcome">) => boolean;
  readonly error: KubeError;
  left: number;
}

/** `namespace/name`, or `name` for cluster-scoped objects. */
function keyOf(name: { readonly namespace?: string; readonly name: string }): ObjectKey {
  return name.namespace ? `${name.namespace}/${name.name}` : name.name;
}

export function kubeError(code: number, reason: string, message = reason): KubeError {
  return { code, reason, message, retryable: code === 0 || code === 409 || code === 429 || code >= 500 };
}

/**
 * An API server in memory, behind the same ports as the real one: optimistic concurrency, status subresources, watches
 * that deliver asynchronously and in order. Tests change objects with `apply` and `remove`, read `requests` and
 * `events`, inject failures with `fail`, and hold watches back with `pauseWatches`.
 */
export class RecordingKube implements KubeWatcher, KubeClient, EventRecorder {
  readonly requests: RecordedRequest[] = [];
  readonly events: KubeEvent[] = [];
  readonly #objects = new Map<string, Map<ObjectKey, KubeObject>>();
  readonly #watches = new Set<Watch>();
  readonly #failures: Failure[] = [];
  #held: (() => void)[] | undefined;
  #version = 0;
  readonly #wallTime: () => number;

  constructor(wallTime: () => number = () => Date.UTC(2026, 0, 1)) {
    this.#wallTime = wallTime;
  }

  /** Creates the object, or replaces all of it but what the server owns. `status` is taken when given. */
  apply(resource: ResourceType, object: KubeObject): KubeObject {
    const old = this.#kind(resource).get(keyOf(object.metadata));
    return this.#store(resource, { ...object, ...(object["status"] === undefined ? { status: old?.["status"] } : {}) });
  }

  /** Merges `patch` into an object as `kubectl patch` or `kubectl edit` would. */
  edit(resource: ResourceType, key: ObjectKey, patch: object): KubeObject {
    const old = this.#kind(resource).get(key);
    if (old === undefined) throw new Error(`no ${resource.kind} ${key}`);
    return this.#store(resource, mergePatch(old, patch) as KubeObject);
  }

  remove(resource: ResourceType, key: ObjectKey): void {
    if (this.#kind(resource).delete(key)) this.#announce(resource, key, undefined);
  }

  object(resource: ResourceType, key: ObjectKey): KubeObject | undefined {
    return this.#kind(resource).get(key);
  }

  objects(resource: ResourceType): readonly KubeObject[] {
    return [...this.#kind(resource).values()];
  }

  /** The next `times` requests that match fail with `error`. */
  fail(error: KubeError, times: number, matches: Failure["matches"] = () => true): void {
    this.#failures.push({ matches, error, left: times });
  }

  /** Failures that were announced and did not happen yet don't. */
  heal(): void {
    this.#failures.length = 0;
  }

  /** Holds watch deliveries back, as a slow or broken connection does, until `resumeWatches`. */
  pauseWatches(): void {
    this.#held ??= [];
  }

  resumeWatches(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const deliver of held) queueMicrotask(deliver);
  }

  record(event: KubeEvent): void {
    this.events.push(event);
  }

  watch<T>(options: WatchOptions<T>, sink: WatchSink<T>): { close(): void } {
    let open = true;
    const known = new Set<ObjectKey>();
    const deliver = (key: ObjectKey, object: KubeObject | undefined) => {
      if (!open) return;
      if (object !== undefined && isSelected(options, object)) {
        known.add(key);
        sink.set(key, options.project(object));
      } else if (known.delete(key)) sink.delete(key);
    };
    const watch: Watch = { resource: options.resource, deliver };
    this.#later(() => {
      for (const [key, object] of this.#kind(options.resource)) deliver(key, object);
      this.#watches.add(watch);
      if (open) sink.synced();
    });
    return {
      close: () => {
        open = false;
        this.#watches.delete(watch);
      },
    };
  }

  get(resource: ResourceType, name: ObjectName): Promise<KubeResult<KubeObject>> {
    return this.#answer({ verb: "get", resource, key: keyOf(name) }, () => this.#find(resource, name));
  }

  list(
    resource: ResourceType,
    options: { readonly namespace?: string; readonly labelSelector?: string } = {},
  ): Promise<KubeResult<readonly KubeObject[]>> {
    return this.#answer({ verb: "list", resource, key: "" }, () =>
      ok(this.objects(resource).filter((object) => isSelected(options, object))),
    );
  }

  create(
    resource: ResourceType,
    body: object,
    options: { readonly namespace?: string } = {},
  ): Promise<KubeResult<KubeObject>> {
    const given = clone(body) as KubeObject;
    const name = given.metadata.name ?? `${given.metadata.generateName ?? ""}${(this.#version + 1).toString(36)}`;
    const namespace = options.namespace ?? given.metadata.namespace;
    const metadata = { ...given.metadata, name, ...(namespace === undefined ? {} : { namespace }) };
    return this.#answer({ verb: "create", resource, key: keyOf(metadata), body }, () =>
      this.#kind(resource).has(keyOf(metadata))
        ? err(kubeError(409, "AlreadyExists", `${resource.plural} "${name}" already exists`))
        : ok(this.#store(resource, { ...given, metadata })),
    );
  }

  replace(
    resource: ResourceType,
    name: ObjectName,
    body: object,
    options: { readonly subresource?: "status" } = {},
  ): Promise<KubeResult<KubeObject>> {
    const { subresource } = options;
    return this.#answer({ verb: "replace", resource, key: keyOf(name), subresource, body }, () =>
      this.#update(resource, name, subresource, () => clone(body) as KubeObject),
    );
  }

  patch(
    resource: ResourceType,
    name: ObjectName,
    patch: { readonly type: "merge" | "json" | "apply"; readonly body: unknown },
    options: { readonly subresource?: "status"; readonly fieldManager?: string } = {},
  ): Promise<KubeResult<KubeObject>> {
    const { subresource } = options;
    return this.#answer({ verb: "patch", resource, key: keyOf(name), subresource, body: patch.body }, () => {
      if (patch.type === "json") return this.#jsonPatch(resource, name, clone(patch.body) as Operation[]);
      if (patch.type === "apply" && options.fieldManager === undefined)
        return err(kubeError(400, "BadRequest", "apply needs a fieldManager"));
      if (patch.type === "apply" && !this.#kind(resource).has(keyOf(name)))
        return ok(this.#store(resource, clone(patch.body) as KubeObject));
      return this.#update(resource, name, subresource, (old) => mergePatch(old, clone(patch.body)) as KubeObject);
    });
  }

  delete(
    resource: ResourceType,
    name: ObjectName,
    options: { readonly uid?: string } = {},
  ): Promise<KubeResult<undefined>> {
    return this.#answer({ verb: "delete", resource, key: keyOf(name) }, () => {
      const found = this.#find(resource, name);
      if (!found.ok) return found;
      if (options.uid !== undefined && options.uid !== found.value.metadata.uid)
        return err(kubeError(409, "Conflict", "the UID in the precondition does not match"));
      this.remove(resource, keyOf(name));
      return ok(undefined);
    });
  }

  #update(
    resource: ResourceType,
    name: ObjectName,
    subresource: "status" | undefined,
    change: (old: KubeObject) => KubeObject,
  ): KubeResult<KubeObject> {
    const found = this.#find(resource, name);
    if (!found.ok) return found;
    const old = found.value;
    const wanted = change(old);
    const version = wanted.metadata?.resourceVersion;
    if (version !== undefined && version !== old.metadata.resourceVersion)
      return err(kubeError(409, "Conflict", `${resource.plural} "${name.name}": the object has been modified`));
    return ok(
      this.#store(resource, subresource === "status" ? onlyStatus(resource, old, wanted) : keepStatus(old, wanted)),
    );
  }

  #jsonPatch(resource: ResourceType, name: ObjectName, operations: readonly Operation[]): KubeResult<KubeObject> {
    try {
      return this.#update(resource, name, undefined, (old) => jsonPatch.applyPatch(clone(old), operations).newDocument);
    } catch (error) {
      return err(kubeError(422, "Invalid", (error as Error).message));
    }
  }

  #find(resource: ResourceType, name: ObjectName): KubeResult<KubeObject> {
    const object = this.#kind(resource).get(keyOf(name));
    return object === undefined
      ? err(kubeError(404, "NotFound", `${resource.plural} "${name.name}" not found`))
      : ok(object);
  }

  /** Stamps what the server owns, keeps the object, tells the watches. A change of nothing is none. */
  #store(resource: ResourceType, object: KubeObject): KubeObject {
    const key = keyOf(object.metadata);
    const old = this.#kind(resource).get(key);
    const stored = clone(stamp(resource, object, old, this.#version + 1, this.#wallTime())) as KubeObject;
    if (old !== undefined && sameButVersion(old, stored)) return old;
    this.#version++;
    this.#kind(resource).set(key, stored);
    this.#announce(resource, key, stored);
    return stored;
  }

  #announce(resource: ResourceType, key: ObjectKey, object: KubeObject | undefined): void {
    this.#later(() => {
      for (const watch of this.#watches) if (typeKey(watch.resource) === typeKey(resource)) watch.deliver(key, object);
    });
  }

  #later(deliver: () => void): void {
    if (this.#held === undefined) queueMicrotask(deliver);
    else this.#held.push(deliver);
  }

  async #answer<T>(
    call: { verb: Verb; resource: ResourceType; key: ObjectKey; subresource?: "status" | undefined; body?: unknown },
    act: () => KubeResult<T>,
  ): Promise<KubeResult<T>> {
    const request = { ...call, subresource: call.subresource, body: clone(call.body) };
    await Promise.resolve();
    const failure = this.#failures.find((candidate) => candidate.left > 0 && candidate.matches(request));
    if (failure !== undefined) failure.left--;
    const result = failure === undefined ? act() : err(failure.error);
    this.requests.push({ ...request, outcome: result.ok ? "ok" : result.error.reason });
    return result;
  }

  #kind(resource: ResourceType): Map<ObjectKey, KubeObject> {
    const key = typeKey(resource);
    let objects = this.#objects.get(key);
    if (objects === undefined) this.#objects.set(key, (objects = new Map()));
    return objects;
  }
}

function typeKey(resource: ResourceType): string {
  return `${resource.group}/${resource.plural}`;
}

function clone<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}

function stamp(resource: ResourceType, object: KubeObject, old: KubeObject | undefined, version: number, wall: number) {
  const owned = old?.metadata ?? object.metadata;
  const specChanged = JSON.stringify(old?.["spec"]) !== JSON.stringify(object["spec"]);
  const metadata: KubeMetadata = {
    ...object.metadata,
    uid: owned.uid ?? `uid-${version}`,
    creationTimestamp: owned.creationTimestamp ?? new Date(wall).toISOString().replace(/\.\d+Z$/, "Z"),
    generation: specChanged || old === undefined ? (old?.metadata.generation ?? 0) + 1 : (old.metadata.generation ?? 1),
    resourceVersion: String(version),
  };
  const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
  return { ...object, apiVersion, kind: resource.kind, metadata };
}

function sameButVersion(a: KubeObject, b: KubeObject): boolean {
  const plain = (object: KubeObject) =>
    JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: "" } });
  return plain(a) === plain(b);
}

/** A write to `/status` changes status only; core kinds also take annotations and labels there, as the real server does. */
function onlyStatus(resource: ResourceType, old: KubeObject, wanted: KubeObject): KubeObject {
  const metadata = resource.group === "" ? { ...wanted.metadata, name: old.metadata.name } : old.metadata;
  return { ...old, metadata, status: wanted["status"] };
}

function keepStatus(old: KubeObject, wanted: KubeObject): KubeObject {
  const { status: _, ...rest } = wanted;
  return old["status"] === undefined ? rest : { ...rest, status: old["status"] };
}

function isSelected(
  options: { readonly namespace?: string; readonly labelSelector?: string; readonly fieldSelector?: string },
  object: KubeObject,
): boolean {
  const { namespace, labelSelector, fieldSelector } = options;
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  const labels = object.metadata.labels ?? {};
  if (!everyTerm(labelSelector, (key) => labels[key])) return false;
  return everyTerm(fieldSelector, (key) =>
    key === "metadata.name" ? object.metadata.name : object.metadata.namespace,
  );
}

/** `a=b,c=d,e`: the terms of selectors that this code base uses. */
function everyTerm(selector: string | undefined, valueOf: (key: string) => string | undefined): boolean {
  return (selector ?? "")
    .split(",")
    .filter((term) => term !== "")
    .every((term) => {
      const [key, value] = term.split("=") as [string, string?];
      return value === undefined ? valueOf(key) !== undefined : valueOf(key) === value;
    });
}
