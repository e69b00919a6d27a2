import type { User } from "../auth.ts";
import type { Attributes } from "../authorization/attributes.ts";
import type { Gate } from "../authorization/gate.ts";
import { badRequest } from "../errors.ts";
import type { Json } from "../objects.ts";
import { isRecord, record, strings, text } from "../objects.ts";

/** Of whom a SubjectAccessReview asks. Throws 400 when it names nobody. */
export function reviewedUser(spec: Json): User {
  const user = { username: text(spec["user"]), groups: strings(spec["groups"]) };
  if (user.username === "" && user.groups.length === 0)
    throw badRequest("at least one of user or group must be specified");
  return user;
}

/** The status of a SubjectAccessReview and of a SelfSubjectAccessReview. */
export function accessReview(gate: Gate, user: User, spec: Json): Json {
  const { allowed, reason } = gate.review(user, reviewedAttributes(spec));
  return { allowed, ...(reason === "" ? {} : { reason }) };
}

function reviewedAttributes(spec: Json): Attributes {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if (isRecord(path) === isRecord(resource)) {
    throw badRequest("exactly one of nonResourceAttributes or resourceAttributes must be specified");
  }
  if (isRecord(path)) return { verb: text(path["verb"]), path: text(path["path"]) };
  const asked = record(resource);
  return {
    verb: text(asked["verb"]),
    group: text(asked["group"]),
    version: text(asked["version"]),
    resource: text(asked["resource"]),
    subresource: text(asked["subresource"]),
    namespace: text(asked["namespace"]),
    name: text(asked["name"]),
  };
}

/** The status of a SelfSubjectRulesReview: what `kubectl auth can-i --list` shows. */
export function rulesReview(gate: Gate, user: User, spec: Json): Json {
  const namespace = text(spec["namespace"]);
  if (namespace === "") throw badRequest("no namespace on request");
  const { rules, problem } = gate.rulesFor(user, namespace);
  return {
    resourceRules: rules
      .filter(({ resources }) => resources.length > 0)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames.length === 0 ? {} : { resourceNames }),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs.length > 0)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: problem !== "",
    ...(problem === "" ? {} : { evaluationError: problem }),
  };
}
