import type { ApiObject } from "../objects.ts";
import type { Definition } from "../registry.ts";
import { apiVersionOf } from "../resources.ts";

/** Something that is there, or will be. */
export type Soon<T> = T | Promise<T>;

/** Goes on with something as soon as it is there: at once if it is there already. */
export function whenReady<T>(soon: Soon<T>, use: (value: T) => void): Soon<void> {
  return soon instanceof Promise ? soon.then(use) : use(soon);
}

/** The served forms of stored objects, in their order; at once unless a webhook converts. */
export function servedForms(definition: Definition, stored: readonly ApiObject[]): Soon<readonly ApiObject[]> {
  const { conversion, served } = definition;
  if (conversion.by === "webhook") return conversion.convert(stored, apiVersionOf(served));
  return stored.map((object) => conversion.toServed(object));
}

export function servedForm(definition: Definition, stored: ApiObject): Soon<ApiObject> {
  const { conversion, served } = definition;
  if (conversion.by === "server") return conversion.toServed(stored);
  return conversion.convert([stored], apiVersionOf(served)).then(([object]) => object!);
}

/** The form in which an object is stored. The argument may be changed. */
export function storedForm({ conversion }: Definition, served: ApiObject): Soon<ApiObject> {
  if (conversion.by === "server") return conversion.toStored(served);
  return conversion.convert([served], conversion.storedVersion).then(([object]) => object!);
}
