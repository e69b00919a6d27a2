import type { IncomingMessage } from "node:http";
import { serviceAccountUser, type User } from "../auth.ts";
import { badRequest } from "../errors.ts";
import type { ResourceAttributes } from "./attributes.ts";
import type { Gate } from "./gate.ts";

const USER = "impersonate-user";
const GROUP = "impersonate-group";
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const AUTHENTICATED = "system:authenticated";
const UNAUTHENTICATED = "system:unauthenticated";

/**
 * The user that a request is to be answered as: who sends it, or whom the sender names with `kubectl --as` and
 * `--as-group`. Throws 403 for who may not, and 400 for what makes no sense or isn't done here (uid, extra).
 */
export function actingUser(gate: Gate, sender: User, { headersDistinct }: IncomingMessage): User {
  const asked = Object.keys(headersDistinct).filter((header) => header.startsWith("impersonate-"));
  if (asked.length === 0) return sender;
  const unknown = asked.filter((header) => header !== USER && header !== GROUP);
  if (unknown.length > 0) throw badRequest(`this development server does not know ${unknown.join(", ")}`);
  const [username] = headersDistinct[USER] ?? [];
  if (username === undefined) throw badRequest("requested groups without impersonating a user");
  return impersonated(gate, sender, username, headersDistinct[GROUP]);
}

function impersonated(gate: Gate, sender: User, username: string, groups: readonly string[] = []): User {
  for (const name of groups) gate.enter(sender, impersonate("groups", name));
  const [, namespace, account] = SERVICE_ACCOUNT.exec(username) ?? [];
  if (namespace === undefined || account === undefined) {
    gate.enter(sender, impersonate("users", username));
    return { username, groups: completed(groups) };
  }
  gate.enter(sender, impersonate("serviceaccounts", account, namespace));
  return { username, groups: completed(groups.length > 0 ? groups : serviceAccountUser(namespace, account).groups) };
}

function completed(groups: readonly string[]): readonly string[] {
  return groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED) ? groups : [...groups, AUTHENTICATED];
}

function impersonate(resource: string, name: string, namespace = ""): ResourceAttributes {
  return { verb: "impersonate", group: "", version: "", resource, subresource: "", namespace, name };
}
