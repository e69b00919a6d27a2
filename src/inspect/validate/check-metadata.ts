import { fieldsOf } from "../../config/fields.ts";
import type { Complain } from "../../config/resource.ts";
import type { KubeObject } from "../../ports/kube.ts";

/** Names of objects are DNS subdomains (RFC 1123), as the API server wants them. */
const NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const LONGEST_NAME = 253;

/** What the API server or the admission webhook would say about the metadata of a new object in `namespace`. */
export function checkMetadata(object: KubeObject, namespace: string, complain: Complain): void {
  const { name, namespace: its } = object.metadata;
  if (name === "") complain("metadata.name", "a name is required", "name it");
  else if (name.length > LONGEST_NAME || !NAME.test(name)) {
    const fix = `use at most ${LONGEST_NAME} lower-case letters, digits, "-" and "."; start and end with a letter or digit`;
    complain("metadata.name", `${JSON.stringify(name.slice(0, LONGEST_NAME))} is not a valid name`, fix);
  }
  if (its !== namespace) {
    const message = `resource must be created in ${namespace} namespace`;
    complain("metadata.namespace", message, `move it, or give --namespace ${its}`);
  }
  for (const field of ["labels", "annotations"] as const)
    for (const [key, value] of Object.entries(fieldsOf(object.metadata[field])))
      if (typeof value !== "string") complain(`metadata.${field}.${key}`, "must be a string", "put it in quotes");
}
