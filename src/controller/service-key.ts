import type { ServiceView } from "../config/service.ts";

/** `namespace/name`. */
export function keyOfService(service: ServiceView): string {
  return `${service.namespace}/${service.name}`;
}
