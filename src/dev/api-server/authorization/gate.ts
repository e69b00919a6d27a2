import type { User } from "../auth.ts";
import { StatusError } from "../status.ts";
import { type Attributes, isPath, resourceWithSubresource } from "./attributes.ts";
import type { Authorizer } from "./authorizer.ts";
import type { Decision, UserRules } from "./rbac.ts";

/** One decision, as tests see it. */
export interface AccessRecord {
  readonly user: User;
  readonly attributes: Attributes;
  readonly allowed: boolean;
  /** Whether somebody wanted to do it, or only asked in a review whether the user may. */
  readonly asked: "request" | "review";
}

export type AccessObserver = (record: AccessRecord) => void;

/** Where all questions of who may do what are asked, and told on. */
export class Gate {
  readonly #authorizer: Authorizer;
  readonly #observe: AccessObserver;

  constructor(authorizer: Authorizer, observe: AccessObserver = () => undefined) {
    this.#authorizer = authorizer;
    this.#observe = observe;
  }

  /** Throws 403 unless the user may do this. */
  enter(user: User, attributes: Attributes): void {
    const { allowed, reason } = this.#decide(user, attributes, "request");
    if (!allowed) throw forbidden(attributes, `${complaint(user, attributes)}${reason === "" ? "" : `: ${reason}`}`);
  }

  /** The same for what a request turns out to do besides: a PUT or an apply that creates. */
  enterToCreate(user: User, attributes: Attributes): void {
    const { allowed, reason } = this.#decide(user, attributes, "request");
    // Kubernetes says no more here, either.
    if (!allowed) throw forbidden(attributes, reason);
  }

  /** The answer to a review. */
  review(user: User, attributes: Attributes): Decision {
    return this.#decide(user, attributes, "review");
  }

  rulesFor(user: User, namespace: string): UserRules {
    return this.#authorizer.rulesFor(user, namespace);
  }

  #decide(user: User, attributes: Attributes, asked: AccessRecord["asked"]): Decision {
    const decision = this.#authorizer.decide(user, attributes);
    this.#observe({ user, attributes, allowed: decision.allowed, asked });
    return decision;
  }
}

/** What a user may not do, in Kubernetes' words. */
export function complaint({ username }: User, attributes: Attributes): string {
  const who = `User "${username}" cannot ${attributes.verb}`;
  if (isPath(attributes)) return `${who} path "${attributes.path}"`;
  const { group, namespace } = attributes;
  const scope = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return `${who} resource "${resourceWithSubresource(attributes)}" in API group "${group}" ${scope}`;
}

function forbidden(attributes: Attributes, why: string): StatusError {
  if (isPath(attributes)) return new StatusError(403, "Forbidden", `forbidden: ${why}`, {});
  const { group, resource, name } = attributes;
  const qualified = group === "" ? resource : `${resource}.${group}`;
  const subject = name === "" ? qualified : `${qualified} "${name}"`;
  return new StatusError(403, "Forbidden", `${subject} is forbidden: ${why}`, {
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { group }),
    kind: resource,
  });
}
