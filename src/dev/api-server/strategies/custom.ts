import type { ApiObject } from "../objects.ts";
import type { ServedResource } from "../resources.ts";
import { applyDefaults } from "../schema/defaults.ts";
import type { StructuralSchema } from "../schema/structural.ts";
import { validateStructural } from "../schema/validate.ts";
import type { Strategy } from "../strategy.ts";
import { DEFAULT_STRATEGY } from "../strategy.ts";

/** Custom resources: everything is decided by the structural schema of their definition. */
export function customStrategy(served: ServedResource): Strategy {
  const schema = served.schema as StructuralSchema | undefined;
  const hasStatus = served.subresources.includes("status");
  return {
    ...DEFAULT_STRATEGY,
    generation: true,
    createOnUpdate: false,
    unconditionalUpdate: false,
    statusKeepsMetadata: false,
    defaults: (next, old) => {
      if (hasStatus && old === undefined) delete next["status"];
      if (schema !== undefined) applyDefaults(schema, next);
    },
    validate: (next, old) => (schema === undefined ? [] : validateStructural(schema, next, old)),
    prepareStatus: (next: ApiObject) => {
      if (schema !== undefined) applyDefaults(schema, next);
    },
  };
}
