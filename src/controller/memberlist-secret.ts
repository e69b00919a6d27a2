import { randomBytes } from "node:crypto";
import { KINDS } from "../config/kinds.ts";
import { type Handled, WorkQueue } from "../lib/work-queue.ts";
import { ok } from "../lib/result.ts";
import type { KubeError, KubeOwnerReference, KubeResult } from "../ports/kube.ts";
import type { ControllerPorts } from "./ports.ts";
import { retryTurn } from "./retry-turn.ts";

export interface MemberlistSecretOptions {
  readonly name: string;
  /** The Deployment that owns it, so that it goes when we are uninstalled; "": nobody does. */
  readonly deployment: string;
  /** The key; for tests. */
  readonly newKey?: () => string;
}

/**
 * Makes the Secret with which the speakers encrypt their membership, once: one that exists is never touched, whatever is
 * in it. Speakers that mount it wait for it, so it is made without an owner rather than not at all.
 */
export class MemberlistSecret {
  readonly #ports: ControllerPorts;
  readonly #namespace: string;
  readonly #options: MemberlistSecretOptions;
  readonly #queue: WorkQueue<string>;
  #complaint = "";

  constructor(ports: ControllerPorts, namespace: string, options: MemberlistSecretOptions) {
    const { clock, random } = ports;
    this.#ports = ports;
    this.#namespace = namespace;
    this.#options = options;
    this.#queue = new WorkQueue({ clock, random, concurrency: 1, handle: () => this.#ensure() });
    this.#queue.add(options.name);
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  async #ensure(): Promise<Handled> {
    const { name } = this.#options;
    const found = await this.#ports.client.get(KINDS.Secret, { namespace: this.#namespace, name });
    if (found.ok) return "done";
    if (found.error.code !== 404) return this.#failed("read", found.error);
    const owner = await this.#owner();
    if (!owner.ok) return this.#failed("made", owner.error);
    const made = await this.#ports.client.create(KINDS.Secret, this.#secret(owner.value), {
      namespace: this.#namespace,
    });
    if (made.ok) this.#tell(owner.value);
    return made.ok || made.error.reason === "AlreadyExists" ? "done" : this.#failed("made", made.error);
  }

  /** Undefined when it is not known and trying again would not help. */
  async #owner(): Promise<KubeResult<KubeOwnerReference | undefined>> {
    const { deployment } = this.#options;
    if (deployment === "") return ok(undefined);
    const found = await this.#ports.client.get(KINDS.Deployment, { namespace: this.#namespace, name: deployment });
    if (!found.ok) return found.error.retryable ? found : ok(undefined);
    const { uid } = found.value.metadata;
    return ok(uid === undefined ? undefined : { apiVersion: "apps/v1", kind: "Deployment", name: deployment, uid });
  }

  #tell(owner: KubeOwnerReference | undefined): void {
    const { name, deployment } = this.#options;
    const { log } = this.#ports;
    if (owner !== undefined) return log.info({ secret: name }, "made the Secret for the speakers' membership");
    const why = deployment === "" ? "--deployment is not given" : `Deployment ${deployment} can't be read`;
    log.warn({ secret: name }, `made the memberlist Secret; nobody owns it, so it stays after an uninstall: ${why}`);
  }

  #secret(owner: KubeOwnerReference | undefined): object {
    const { name, newKey = randomKey } = this.#options;
    return {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: this.#namespace, ...(owner === undefined ? {} : { ownerReferences: [owner] }) },
      type: "Opaque",
      data: { secretkey: Buffer.from(newKey()).toString("base64") },
    };
  }

  /** Tried again for ever: addresses are given out meanwhile, and an existing fleet has its Secret. */
  #failed(what: "read" | "made", error: KubeError): Handled {
    const complaint = `${what} ${error.reason}`;
    if (complaint !== this.#complaint && error.reason !== "NotLeader") {
      this.#complaint = complaint;
      const needed =
        error.code === 403 ? " (the controller's Role must let it get and create secrets and get deployments)" : "";
      const text = `the memberlist Secret can't be ${what}${needed}; retrying: ${error.message}`;
      this.#ports.log.error({ secret: this.#options.name, code: error.code }, text);
    }
    return retryTurn(error);
  }
}

/** What the reference writes: 16 random bytes as base64 without padding, 22 characters. */
function randomKey(): string {
  return randomBytes(16).toString("base64").replaceAll("=", "");
}
