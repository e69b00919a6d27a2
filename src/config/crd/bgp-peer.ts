import * as z from "zod";
import { KINDS } from "../kinds.ts";
import type { CrdDefinition, PrinterColumn } from "./definition.ts";
import { asNumber, celRules, emptyObject, int32, labelSelector } from "./types.ts";

const COLUMNS: readonly PrinterColumn[] = [
  { name: "Address", type: "string", jsonPath: ".spec.peerAddress" },
  { name: "ASN", type: "string", jsonPath: ".spec.peerASN" },
  { name: "BFD Profile", type: "string", jsonPath: ".spec.bfdProfile" },
  { name: "Multi Hops", type: "string", jsonPath: ".spec.ebgpMultiHop" },
];

/** What is said about a wrong connectTime, by the API server and by us. */
export const CONNECT_TIME = {
  range: "connect time should be between 1 second and 65535 seconds",
  whole: "connect time should be a whole number of seconds",
} as const;

/** Fields that mean the same in every version. */
const common = {
  myASN: asNumber(0).describe("Our autonomous system number in this session."),
  sourceAddress: z.string().describe("The local address that the session is opened from.").optional(),
  holdTime: z
    .string()
    .describe("How long the session lives without a message from the peer, as a duration (90s).")
    .optional(),
  keepaliveTime: z.string().describe("How often keepalives are sent, as a duration (30s).").optional(),
  routerID: z.string().describe("Our BGP identifier, written as an IPv4 address.").optional(),
  password: z.string().describe("TCP MD5 password (RFC 2385), in clear text.").optional(),
  bfdProfile: z.string().describe("Name of the BFDProfile that watches the path to the peer.").optional(),
  ebgpMultiHop: z.boolean().describe("Whether an external peer may be more than one hop away.").optional(),
};

const legacyNodeSelector = z.object({
  matchLabels: z
    .record(z.string(), z.string())
    .describe("Labels that must be there with exactly these values.")
    .optional(),
  matchExpressions: z
    .array(
      z.object({
        key: z.string().describe("The label's key."),
        operator: z.string().describe("How the label is compared: In, NotIn, Exists or DoesNotExist."),
        values: z.array(z.string()).min(1).describe("What the label is compared with."),
      }),
    )
    .describe("Further conditions; all of them must hold.")
    .optional(),
});

const bgpPeerV1beta1Spec = z.object({
  ...common,
  peerASN: asNumber(0).describe("The peer's autonomous system number."),
  peerAddress: z.string().describe("The peer's address."),
  peerPort: z.int().min(0).max(16_384).describe("The peer's TCP port.").optional(),
  nodeSelectors: z
    .array(legacyNodeSelector)
    .describe("Only nodes that one of these selects open the session. Empty: every node.")
    .optional(),
});

export const bgpPeerSpec = z.object({
  ...common,
  peerASN: asNumber(0).describe("The peer's autonomous system number; or set dynamicASN.").optional(),
  localASN: asNumber(1).describe("An autonomous system number to show to this peer in place of our own.").optional(),
  dynamicASN: z
    .enum(["internal", "external"])
    .describe("Accept whatever number the peer has, as long as it equals ours (internal) or does not (external).")
    .optional(),
  peerAddress: z.string().describe("The peer's address; or set interface.").optional(),
  interface: z
    .string()
    .describe("Peer with whoever is on this interface, over its IPv6 link-local address.")
    .optional(),
  peerPort: z.int().min(1).max(16_384).default(179).describe("The peer's TCP port."),
  connectTime: z
    .string()
    .describe("Time between attempts to connect, in whole seconds (10s).")
    .meta(
      celRules(
        {
          rule: "duration(self).getSeconds() >= 1 && duration(self).getSeconds() <= 65535",
          message: CONNECT_TIME.range,
        },
        {
          rule: "duration(self).getMilliseconds() % 1000 == 0",
          message: CONNECT_TIME.whole,
        },
      ),
    )
    .optional(),
  nodeSelectors: z
    .array(labelSelector)
    .describe("Only nodes that one of these selects open the session. Empty: every node.")
    .optional(),
  passwordSecret: z
    .object({
      name: z.string().describe("The Secret's name.").optional(),
      namespace: z.string().describe("Not used: the Secret is looked up beside the peer.").optional(),
    })
    .describe("A Secret of type kubernetes.io/basic-auth with the TCP MD5 password.")
    .meta({ "x-kubernetes-map-type": "atomic" })
    .optional(),
  enableGracefulRestart: z
    .boolean()
    .describe("Ask the peer to keep our routes while we restart (RFC 4724).")
    .meta(celRules({ rule: "self == oldSelf", message: "enableGracefulRestart cannot be switched on a live peer" }))
    .optional(),
  vrf: z.string().describe("The VRF that the session runs in.").optional(),
  disableMP: z.boolean().default(false).describe("Deprecated, without effect."),
  dualStackAddressFamily: z
    .boolean()
    .default(false)
    .describe("Exchange routes of both families in this session, whatever the family of its own addresses."),
  passive: z.boolean().describe("Wait for the peer to open the session, and never open it ourselves.").optional(),
  ttlSecurity: z
    .boolean()
    .describe(
      "Take packets only from the next hop (GTSM, RFC 5082). Both sides need it. Not together with ebgpMultiHop.",
    )
    .optional(),
  maximumPrefixes: int32({ min: 1 })
    .describe("Ends the session when the peer announces more prefixes than these. None of them is ever used.")
    .optional(),
});

export const BGP_PEER: CrdDefinition = {
  resource: KINDS.BGPPeer,
  versions: [
    {
      name: "v1beta1",
      storage: false,
      deprecationWarning: "metallb.io/v1beta1 BGPPeer is deprecated: write metallb.io/v1beta2",
      description: "A router to exchange routes with.",
      columns: COLUMNS,
      spec: bgpPeerV1beta1Spec,
      status: emptyObject,
    },
    {
      name: "v1beta2",
      storage: true,
      description: "A router to exchange routes with.",
      columns: COLUMNS,
      spec: bgpPeerSpec,
      status: emptyObject,
    },
  ],
};
