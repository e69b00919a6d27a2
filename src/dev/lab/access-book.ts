import { type AccessRecord, complaint } from "../api-server/authorization/gate.ts";

/** What was asked of the API server by all but the administrator, and what was denied. */
export class AccessBook {
  #requests = 0;
  readonly #denied = new Set<string>();

  readonly record = ({ user, attributes, allowed, asked }: AccessRecord): void => {
    if (asked !== "request" || user.groups.includes("system:masters")) return;
    this.#requests++;
    if (!allowed) this.#denied.add(complaint(user, attributes));
  };

  get requests(): number {
    return this.#requests;
  }

  /** In Kubernetes' words; each once. */
  get denied(): readonly string[] {
    return [...this.#denied];
  }
}
