import type { User } from "../auth.ts";
import type { Attributes } from "../authorization/attributes.ts";
import type { Gate } from "../authorization/gate.ts";
import { badRequest, invalid } from "../errors.ts";
import { invalidValue } from "../field-errors.ts";
import type { Json } from "../objects.ts";
import { isRecord, record, strings, text } from "../objects.ts";
import type { FieldError } from "../status.ts";

/** What is asked in a review, and by whom. */
export interface Asked {
  readonly kind: string;
  /** Who sent it. */
  readonly sender: User;
  readonly spec: Json;
}

/** The status of a SubjectAccessReview, or of a SelfSubjectAccessReview. Throws 422 for one that asks nothing. */
export function accessReview(gate: Gate, { kind, sender, spec }: Asked): Json {
  const isAboutSender = kind === "SelfSubjectAccessReview";
  const errors = [...validateAttributes(spec), ...(isAboutSender ? [] : validateUser(spec))];
  if (errors.length > 0) throw invalid({ group: "authorization.k8s.io", kind }, "", errors);
  const user = isAboutSender ? sender : { username: text(spec["user"]), groups: strings(spec["groups"]) };
  const { allowed, reason } = gate.review(user, attributesOf(spec));
  return { allowed, ...(reason === "" ? {} : { reason }) };
}

function validateUser({ user, groups }: Json): FieldError[] {
  if (text(user) !== "" || strings(groups).length > 0) return [];
  return [invalidValue("spec.user", "", "at least one of user or group must be specified")];
}

function validateAttributes({ resourceAttributes: resource, nonResourceAttributes: path }: Json): FieldError[] {
  if (isRecord(path) !== isRecord(resource)) return [];
  if (isRecord(path)) {
    const why = "cannot be specified in combination with resourceAttributes";
    return [invalidValue("spec.nonResourceAttributes", path, why)];
  }
  const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
  return [invalidValue("spec.resourceAttributes", resource, why)];
}

function attributesOf({ resourceAttributes, nonResourceAttributes: path }: Json): Attributes {
  if (isRecord(path)) return { verb: text(path["verb"]), path: text(path["path"]) };
  const asked = record(resourceAttributes);
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

/** The status of a SelfSubjectRulesReview: what `kubectl auth can-i --list` shows. Throws 400 without a namespace. */
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
