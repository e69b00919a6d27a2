import type { KubeObject, KubeWatcher, ObjectKey, ResourceType } from "../../ports/kube.ts";
import { KINDS } from "../../config/kinds.ts";
import { type SourceData, sourceData, sourceKey, type SourceName } from "./sources.ts";

const RESOURCES: Readonly<Record<SourceName["kind"], ResourceType>> = {
  Secret: KINDS.Secret,
  ConfigMap: { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true },
};

interface Watched {
  readonly users: Set<string>;
  readonly close: () => void;
  data: SourceData | undefined;
}

/** The Secrets and ConfigMaps that Pods of the node use, each watched by its name as long as one does: a node may read no others. */
export class SourceWatches {
  readonly #watcher: KubeWatcher;
  readonly #changed: () => void;
  readonly #watched = new Map<string, Watched>();

  constructor(watcher: KubeWatcher, changed: () => void) {
    this.#watcher = watcher;
    this.#changed = changed;
  }

  /** Begins to watch what `user` needs, and ends what it needed before. */
  use(user: string, names: readonly SourceName[]): void {
    const wanted = new Map(names.map((name) => [sourceKey(name), name]));
    for (const [key, name] of wanted) this.#watch(key, name).users.add(user);
    for (const [key, watched] of this.#watched) {
      if (wanted.has(key) || !watched.users.delete(user) || watched.users.size > 0) continue;
      watched.close();
      this.#watched.delete(key);
    }
  }

  /** Undefined for what is not there, and for what nobody has said that it uses it. */
  lookUp(name: SourceName): SourceData | undefined {
    return this.#watched.get(sourceKey(name))?.data;
  }

  #watch(key: string, { kind, namespace, name }: SourceName): Watched {
    const known = this.#watched.get(key);
    if (known !== undefined) return known;
    const told = (which: ObjectKey, data: SourceData | undefined): void => {
      if (which !== `${namespace}/${name}`) return;
      watched.data = data;
      this.#changed();
    };
    const options = {
      resource: RESOURCES[kind],
      namespace,
      fieldSelector: `metadata.name=${name}`,
      project: (object: KubeObject) => sourceData(kind, object),
    };
    const sink = { set: told, delete: (which: ObjectKey) => told(which, undefined), synced: () => undefined };
    const watched: Watched = { users: new Set(), data: undefined, close: () => watch.close() };
    this.#watched.set(key, watched);
    const watch = this.#watcher.watch(options, sink);
    return watched;
  }
}
