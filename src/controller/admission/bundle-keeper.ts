import { isOlder } from "../../config/resource-version.ts";
import { textOf } from "../../config/fields.ts";
import type { KubeClient, KubeObject, KubeWatcher } from "../../ports/kube.ts";
import type { Log } from "../../ports/log.ts";
import { BUNDLE_TARGETS, type BundleSlot, type BundleTarget, planInjection } from "./ca-bundle.ts";

/** As the reference signs its writes. */
const FIELD_MANAGER = "MetalLB";

interface BundlePorts {
  readonly watcher: KubeWatcher;
  readonly client: KubeClient;
  readonly log: Log;
}

interface TargetView {
  readonly resourceVersion: string;
  readonly slots: readonly BundleSlot[];
}

/** Watches the objects that tell the API server about our webhooks, and writes the bundle of authorities into them. */
export class BundleKeeper {
  readonly #ports: BundlePorts;
  readonly #onChange: () => void;
  readonly #views = new Map<BundleTarget, TargetView>();
  #watches: readonly { close(): void }[] = [];

  /** `onChange` is called when an object appears or changes. */
  constructor(ports: BundlePorts, onChange: () => void) {
    this.#ports = ports;
    this.#onChange = onChange;
  }

  start(): void {
    this.#watches = BUNDLE_TARGETS.map((target) => this.#watch(target));
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
  }

  /** Whether something that we know of has another bundle. */
  isWrong(bundle: string): boolean {
    return [...this.#views.values()].some(({ slots }) => planInjection(slots, bundle) !== undefined);
  }

  /** Puts it right. False when something could not be written, which is logged. */
  async inject(bundle: string): Promise<boolean> {
    const written = await Promise.all(
      [...this.#views].map(([target, { slots }]) => this.#write(target, planInjection(slots, bundle))),
    );
    return written.every(Boolean);
  }

  async #write(target: BundleTarget, patch: readonly object[] | undefined): Promise<boolean> {
    if (patch === undefined) return true;
    const { client, log } = this.#ports;
    const { resource, name } = target;
    const about = { kind: resource.kind, name };
    const patched = await client.patch(
      resource,
      { namespace: "", name },
      { type: "json", body: patch },
      { fieldManager: FIELD_MANAGER },
    );
    if (!patched.ok) {
      const { code, reason, message } = patched.error;
      log.warn({ ...about, code, reason }, `caBundle of ${resource.kind} ${name} not written, will retry: ${message}`);
      return false;
    }
    this.#views.set(target, viewOf(target, patched.value));
    log.info(about, `caBundle of ${resource.kind} ${name} written`);
    return true;
  }

  #watch(target: BundleTarget): { close(): void } {
    const { resource, name } = target;
    return this.#ports.watcher.watch(
      { resource, fieldSelector: `metadata.name=${name}`, project: (object) => viewOf(target, object) },
      {
        set: (_, view) => {
          if (isOlder(view.resourceVersion, this.#views.get(target)?.resourceVersion ?? "")) return;
          this.#views.set(target, view);
          this.#onChange();
        },
        delete: () => {
          this.#views.delete(target);
          this.#sayMissing(target);
        },
        synced: () => {
          if (!this.#views.has(target)) this.#sayMissing(target);
        },
      },
    );
  }

  #sayMissing({ resource, name }: BundleTarget): void {
    const consequence = "the API server doesn't call our webhooks through it; configuration is checked all the same";
    this.#ports.log.warn({ kind: resource.kind, name }, `no ${resource.kind} ${name}: ${consequence}`);
  }
}

function viewOf(target: BundleTarget, object: KubeObject): TargetView {
  return { resourceVersion: textOf(object.metadata.resourceVersion) ?? "", slots: target.slots(object) };
}
