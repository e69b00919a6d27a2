import { randomBytes } from "node:crypto";
import type { Json } from "./objects.ts";
import { StatusError } from "./status.ts";

export interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

/** A user as reviews name it: authentication.k8s.io/v1 UserInfo. */
export function userInfo({ username, uid, groups }: User): Json {
  return { username, ...(uid === undefined ? {} : { uid }), groups };
}

/** A service account as a user, with the groups that each of its tokens carries. */
export function serviceAccountUser(namespace: string, name: string): User {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
  };
}

/** Whom tokens are for unless somebody asks for another audience: this server. */
export const API_AUDIENCE = "https://kubernetes.default.svc";

const ANONYMOUS: User = { username: "system:anonymous", groups: ["system:unauthenticated"] };

interface Issued {
  readonly user: User;
  readonly audiences: readonly string[];
}

/** Who may come in: bearer tokens. What they may do then is authorization's business. */
export class Users {
  readonly #byToken = new Map<string, Issued>();
  readonly adminToken: string;

  constructor(adminToken = randomBytes(24).toString("base64url")) {
    this.adminToken = adminToken;
    const groups = ["system:masters", "system:authenticated"];
    this.#byToken.set(adminToken, { user: { username: "admin", uid: "1", groups }, audiences: [API_AUDIENCE] });
  }

  /** Makes a token for a user, which only `audiences` take. */
  add({ groups, ...user }: User, audiences: readonly string[] = [API_AUDIENCE]): string {
    const token = randomBytes(24).toString("base64url");
    const all = [...new Set([...groups, "system:authenticated"])];
    this.#byToken.set(token, { user: { ...user, groups: all }, audiences });
    return token;
  }

  /** Whose token it is, and for which of `audiences`; undefined when it is for none of them. */
  byToken(token: string, audiences: readonly string[] = [API_AUDIENCE]): Issued | undefined {
    const issued = this.#byToken.get(token);
    const common = audiences.filter((audience) => issued?.audiences.includes(audience));
    return issued === undefined || common.length === 0 ? undefined : { user: issued.user, audiences: common };
  }

  /** The user of an Authorization header. Throws 401 for credentials that are not valid. */
  authenticate(authorization: string | undefined): User {
    if (authorization === undefined) return ANONYMOUS;
    const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
    const user = token === undefined ? undefined : this.byToken(token)?.user;
    if (user === undefined) throw new StatusError(401, "Unauthorized", "Unauthorized");
    return user;
  }
}

export function isAnonymous(username: string): boolean {
  return username === ANONYMOUS.username;
}
