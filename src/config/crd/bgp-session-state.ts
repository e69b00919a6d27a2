import * as z from "zod";
import { KINDS } from "../kinds.ts";
import type { CrdDefinition } from "./definition.ts";
import { asNumber, emptyObject, int32, writtenOnce } from "./types.ts";

const dateTime = z.string().meta({ format: "date-time" });

const routes = z.object({
  family: z.enum(["IPv4", "IPv6"]).describe("The family of the routes."),
  meant: int32({ min: 0 }).describe("How many routes the peer is meant to have."),
  sent: int32({ min: 0 }).describe("How many of them it was sent."),
});

/** Not of the reference: the kind that users know from frr-k8s, with more said of the session. */
export const BGP_SESSION_STATE: CrdDefinition = {
  resource: KINDS.BGPSessionState,
  versions: [
    {
      name: "v1beta1",
      storage: true,
      description: "How the BGP session of a node with a peer is.",
      columns: [
        { name: "Node", type: "string", jsonPath: ".status.node" },
        { name: "Peer", type: "string", jsonPath: ".status.peer" },
        { name: "VRF", type: "string", jsonPath: ".status.vrf" },
        { name: "BGP", type: "string", jsonPath: ".status.bgpStatus" },
        { name: "BFD", type: "string", jsonPath: ".status.bfdStatus" },
        { name: "Since", type: "date", jsonPath: ".status.since" },
      ],
      spec: emptyObject,
      status: z.object({
        bgpStatus: z.string().describe("The state of the session, as RFC 4271 names it.").optional(),
        bfdStatus: z.string().describe("The state of its BFD session, or N/A.").optional(),
        node: writtenOnce("node").describe("The node that has the session.").optional(),
        peer: writtenOnce("peer").describe("The name of the BGPPeer.").optional(),
        vrf: z.string().describe("The VRF of the session.").optional(),
        remote: z.string().describe("Address and port of the peer.").optional(),
        peerASN: asNumber(0).describe("The peer's AS number, once it has said so.").optional(),
        since: dateTime.describe("When the session came to its state.").optional(),
        lastError: z.string().max(4096).describe("What last ended the session, or kept it from coming up.").optional(),
        lastErrorTime: dateTime.describe("When that was.").optional(),
        capabilities: z.array(z.string()).max(256).describe("What the peer offers, in words.").optional(),
        routes: z
          .array(routes)
          .describe("Routes by family, as they were when the state was written.")
          .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["family"] })
          .optional(),
      }),
    },
  ],
};
