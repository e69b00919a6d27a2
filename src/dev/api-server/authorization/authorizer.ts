import { isAnonymous, type User } from "../auth.ts";
import type { Storage } from "../storage.ts";
import { type Attributes, isPath } from "./attributes.ts";
import { type Policy, policyOf, RBAC_GROUP } from "./policy.ts";
import type { PolicyRule } from "./policy-rule.ts";
import { type Decision, decideByPolicy, rulesForUser, type UserRules } from "./rbac.ts";

/** Decides who may do what. */
export interface Authorizer {
  decide(user: User, attributes: Attributes): Decision;
  /** What a user may do in `namespace` and at the cluster scope. */
  rulesFor(user: User, namespace: string): UserRules;
}

/** What everybody may ask without credentials. */
const PUBLIC_PATHS = /^\/(healthz|livez|readyz|version)(\/|$)/;

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"], resourceNames: [], nonResourceURLs: [] },
  { verbs: ["*"], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ["*"] },
];

/** Whoever has a token may do everything. */
export const ALWAYS_ALLOW: Authorizer = {
  decide: ({ username }, attributes) => {
    if (isAnonymous(username)) return { allowed: isPath(attributes) && PUBLIC_PATHS.test(attributes.path), reason: "" };
    return { allowed: true, reason: "every authenticated user may do everything on this development server" };
  },
  rulesFor: ({ username }) => ({ rules: isAnonymous(username) ? [] : EVERYTHING, problem: "" }),
};

/** The group that may do everything, whatever the roles say: nobody can lock themselves out. */
const MASTERS = "system:masters";

const TABLES = ["clusterroles", "roles", "clusterrolebindings", "rolebindings"].map((kind) => `${kind}.${RBAC_GROUP}`);

/** Decides by the roles and bindings that are stored, from the moment they are. */
export class RbacAuthorizer implements Authorizer {
  readonly #storage: Storage;
  #policy: Policy | undefined;

  constructor(storage: Storage) {
    this.#storage = storage;
    for (const table of TABLES) storage.subscribe(() => (this.#policy = undefined), table);
  }

  decide(user: User, attributes: Attributes): Decision {
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: "" };
    return decideByPolicy(this.#current(), user, attributes);
  }

  rulesFor(user: User, namespace: string): UserRules {
    return rulesForUser(this.#current(), user, namespace);
  }

  #current(): Policy {
    return (this.#policy ??= policyOf(TABLES.flatMap((table) => this.#storage.list(table))));
  }
}
