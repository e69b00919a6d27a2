import * as z from "zod";
import { KINDS } from "../kinds.ts";
import type { CrdDefinition } from "./definition.ts";
import { emptyObject, writtenOnce } from "./types.ts";

export const SERVICE_L2_STATUS: CrdDefinition = {
  resource: KINDS.ServiceL2Status,
  versions: [
    {
      name: "v1beta1",
      storage: true,
      description: "Which node announces a Service on the local network.",
      columns: [
        { name: "Allocated Node", type: "string", jsonPath: ".status.node" },
        { name: "Service Name", type: "string", jsonPath: ".status.serviceName" },
        { name: "Service Namespace", type: "string", jsonPath: ".status.serviceNamespace" },
      ],
      spec: emptyObject,
      status: z.object({
        node: writtenOnce("node").describe("The node that answers for the Service's addresses.").optional(),
        serviceName: writtenOnce("serviceName").describe("The Service's name.").optional(),
        serviceNamespace: writtenOnce("serviceNamespace").describe("The Service's namespace.").optional(),
        interfaces: z
          .array(z.object({ name: z.string().describe("The interface's name.").optional() }))
          .describe("The interfaces it answers on; absent when it is not limited to some.")
          .optional(),
      }),
    },
  ],
};
