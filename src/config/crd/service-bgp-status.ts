import * as z from "zod";
import { KINDS } from "../kinds.ts";
import type { CrdDefinition } from "./definition.ts";
import { emptyObject, writtenOnce } from "./types.ts";

export const SERVICE_BGP_STATUS: CrdDefinition = {
  resource: KINDS.ServiceBGPStatus,
  versions: [
    {
      name: "v1beta1",
      storage: true,
      description: "To which peers a node announces a Service.",
      columns: [
        { name: "Node", type: "string", jsonPath: ".status.node" },
        { name: "Service Name", type: "string", jsonPath: ".status.serviceName" },
        { name: "Service Namespace", type: "string", jsonPath: ".status.serviceNamespace" },
      ],
      spec: emptyObject,
      status: z.object({
        node: writtenOnce("node").describe("The node that announces the Service's addresses.").optional(),
        serviceName: writtenOnce("serviceName").describe("The Service's name.").optional(),
        serviceNamespace: writtenOnce("serviceNamespace").describe("The Service's namespace.").optional(),
        peers: z.array(z.string()).describe("Names of the BGPPeers it is announced to.").optional(),
      }),
    },
  ],
};
