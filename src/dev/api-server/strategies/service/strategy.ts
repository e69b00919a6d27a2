import { dnsLabel } from "../../names.ts";
import { at, text } from "../../objects.ts";
import type { Strategy } from "../../strategy.ts";
import { DEFAULT_STRATEGY } from "../../strategy.ts";
import { ServiceAllocator } from "./allocate.ts";
import { defaultService, defaultServiceStatus } from "./defaults.ts";
import { specOf } from "./fields.ts";
import type { InUse } from "./in-use.ts";
import { validateService } from "./validate.ts";

/** core/v1 Services: they have no generation, and they get cluster addresses and node ports that are not in use. */
export function serviceStrategy(inUse: InUse): Strategy {
  const allocator = new ServiceAllocator(inUse);
  return {
    ...DEFAULT_STRATEGY,
    nameRule: dnsLabel,
    createOnUpdate: true,
    collides: (next, old) => inUse.collides(next, old),
    deleteReturnsObject: true,
    fieldLabels: {
      "spec.type": (object) => text(at(object["spec"], "type")),
      "spec.clusterIP": (object) => text(at(object["spec"], "clusterIP")),
    },
    defaults: defaultService,
    prepare: (next, old) => {
      allocator.allocate(next, old);
      const balanced = specOf(next)["type"] === "LoadBalancer";
      if (old === undefined || !balanced) next["status"] = { loadBalancer: {} };
    },
    validate: validateService,
    prepareStatus: defaultServiceStatus,
  };
}
