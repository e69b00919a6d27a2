import type { ServiceView } from "../../config/service.ts";
import type { Result } from "../../lib/result.ts";
import { err, ok } from "../../lib/result.ts";
import { closestName } from "../closest-name.ts";

/** Suggestions that are made. */
const MOST_SUGGESTED = 5;

/** `NAME` or `NAMESPACE/NAME`, taken apart. `named` is the namespace that the user named, `usual` the one if nobody did. */
export function parseServiceName(
  text: string,
  named: string | undefined,
  usual: string,
): Result<{ readonly namespace: string; readonly name: string }, string> {
  const [name = "", namespace, ...more] = text.split("/").toReversed();
  if (name === "" || namespace === "" || more.length > 0)
    return err(`${JSON.stringify(text)} is not NAMESPACE/NAME or NAME`);
  if (namespace !== undefined && named !== undefined && namespace !== named)
    return err(`${text} is not in namespace ${named}: give one of the two`);
  return ok({ namespace: namespace ?? named ?? usual, name });
}

/** The Service, or why there is none with what may be meant. */
export function findService(
  services: readonly ServiceView[],
  namespace: string,
  name: string,
): Result<ServiceView, string> {
  const found = services.find((service) => service.namespace === namespace && service.name === name);
  if (found !== undefined) return ok(found);
  const missing = `there is no Service ${namespace}/${name}`;
  const elsewhere = services
    .filter((service) => service.name === name)
    .map((service) => `${service.namespace}/${name}`);
  if (elsewhere.length > 0) return err(`${missing}; there is ${someOf(elsewhere)}`);
  const namespaces = new Set(services.map((service) => service.namespace));
  if (namespaces.has(namespace)) {
    const names = services.filter((service) => service.namespace === namespace).map((service) => service.name);
    const meant = closestName(name, names);
    return err(meant === undefined ? missing : `${missing}; did you mean ${namespace}/${meant}?`);
  }
  const meant = closestName(namespace, namespaces);
  const none = `${missing}, nor any other in namespace ${namespace}`;
  return err(meant === undefined ? none : `${none}; did you mean namespace ${meant}?`);
}

function someOf(names: readonly string[]): string {
  const rest = names.length - MOST_SUGGESTED;
  return names.toSorted().slice(0, MOST_SUGGESTED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
