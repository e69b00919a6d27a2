/** Mistakes that docs/configure.md shows, each with objects that make it; what is said of them is asked of the validator. */
import type { ConfigKind } from "../../src/config/config-kinds.ts";
import type { ConfigObjects } from "../../src/config/validate.ts";
import type { KubeObject } from "../../src/ports/kube.ts";

export interface Mistake {
  /** The field that is complained about, below `spec`; `spec` itself for rules about several. */
  readonly field: string;
  /** Completes "It is refused when". */
  readonly when: string;
  readonly objects: Partial<ConfigObjects>;
  /** Nothing is refused: what is missing may come later. Who says so: the webhook, or speakers, who alone read Secrets. */
  readonly warnedBy?: "webhook" | "speakers";
}

type Spec = Readonly<Record<string, unknown>>;

function object(name: string, spec: Spec): KubeObject {
  return { metadata: { name, namespace: "metallb-system" }, spec };
}

const pool = (spec: Spec, name = "production") =>
  object(name, { addresses: ["192.0.2.0/28", "2001:db8::/124"], ...spec });
const pools = (...list: readonly KubeObject[]) => ({ ipAddressPools: list });
const l2 = (spec: Spec) => ({ l2Advertisements: [object("lan", spec)] });
const peer = (spec: Spec, name = "router") =>
  object(name, { myASN: 64512, peerASN: 64513, peerAddress: "192.0.2.1", ...spec });
const peers = (...list: readonly KubeObject[]) => ({ bgpPeers: list });
const route = (spec: Spec, name = "routes") => object(name, spec);
const routes = (...list: readonly KubeObject[]) => ({ ...pools(pool({})), bgpAdvertisements: list });
const communities = (...list: readonly Spec[]) => ({ communities: [object("site", { communities: list })] });
const bfd = (spec: Spec) => ({ bfdProfiles: [object("fast", spec)] });

const SAME_TWICE = [{ matchLabels: { rack: "a" } }, { matchLabels: { rack: "a" } }];

/** By kind, in the order of the page. */
export const MISTAKES: { readonly [K in ConfigKind]: readonly Mistake[] } = {
  IPAddressPool: [
    { field: "addresses", when: "the list is empty", objects: pools(pool({ addresses: [] })) },
    {
      field: "addresses[0]",
      when: "an entry is a bare address",
      objects: pools(pool({ addresses: ["192.0.2.10"] })),
    },
    {
      field: "addresses[0]",
      when: "an entry is neither a CIDR nor a range",
      objects: pools(pool({ addresses: ["192.0.2.0/33"] })),
    },
    {
      field: "addresses[0]",
      when: "a range ends before it starts",
      objects: pools(pool({ addresses: ["2001:db8::20-2001:db8::10"] })),
    },
    {
      field: "addresses[0]",
      when: "a range mixes families",
      objects: pools(pool({ addresses: ["192.0.2.10-2001:db8::10"] })),
    },
    {
      field: "addresses[0]",
      when: "a block contains IPv4-mapped addresses",
      objects: pools(pool({ addresses: ["::/64"] })),
    },
    {
      field: "addresses[0]",
      when: "addresses are in two pools, or twice in one",
      objects: pools(pool({}), pool({ addresses: ["192.0.2.8/29"] }, "staging")),
    },
    {
      field: "serviceAllocation.namespaces[1]",
      when: "a namespace is named twice",
      objects: pools(pool({ serviceAllocation: { namespaces: ["shop", "shop"] } })),
    },
    {
      field: "serviceAllocation.serviceSelectors[1]",
      when: "a selector is there twice",
      objects: pools(pool({ serviceAllocation: { serviceSelectors: SAME_TWICE } })),
    },
  ],
  L2Advertisement: [
    {
      field: "ipAddressPools[1]",
      when: "a pool is named twice",
      objects: l2({ ipAddressPools: ["production", "production"] }),
    },
    { field: "nodeSelectors[1]", when: "a selector is there twice", objects: l2({ nodeSelectors: SAME_TWICE }) },
    {
      field: "preferredNodeSelectors[0].weight",
      when: "a weight is not 1 to 100",
      objects: l2({ preferredNodeSelectors: [{ weight: 0, preference: {} }] }),
    },
    {
      field: "gratuitousInterval",
      when: "the interval is neither 0s nor 10s to 1h",
      objects: l2({ gratuitousInterval: "5s" }),
    },
  ],
  BGPPeer: [
    { field: "myASN", when: "the AS number is 0", objects: peers(peer({ myASN: 0 })) },
    { field: "peerASN", when: "the peer's AS is not said", objects: peers(peer({ peerASN: undefined })) },
    {
      field: "dynamicASN",
      when: "the peer's AS is said twice",
      objects: peers(peer({ dynamicASN: "external" })),
    },
    { field: "peerAddress", when: "no peer is named", objects: peers(peer({ peerAddress: undefined })) },
    { field: "peerAddress", when: "two peers are named", objects: peers(peer({ interface: "eth0" })) },
    { field: "peerAddress", when: "it is no address", objects: peers(peer({ peerAddress: "router.example" })) },
    {
      field: "peerAddress",
      when: "two peers would have the same session on a node",
      objects: peers(peer({}), peer({}, "second")),
    },
    { field: "peerPort", when: "the port is not 1 to 16384", objects: peers(peer({ peerPort: 20_000 })) },
    { field: "sourceAddress", when: "it is no address", objects: peers(peer({ sourceAddress: "eth0" })) },
    { field: "routerID", when: "it is an IPv6 address", objects: peers(peer({ routerID: "2001:db8::1" })) },
    { field: "holdTime", when: "it is 1s, 2s or above 65535s", objects: peers(peer({ holdTime: "2s" })) },
    {
      field: "keepaliveTime",
      when: "it is longer than the hold time",
      objects: peers(peer({ holdTime: "30s", keepaliveTime: "40s" })),
    },
    { field: "connectTime", when: "it has parts of a second", objects: peers(peer({ connectTime: "1500ms" })) },
    {
      field: "ebgpMultiHop",
      when: "the peer is in our own AS",
      objects: peers(peer({ peerASN: 64512, ebgpMultiHop: true })),
    },
    {
      field: "ttlSecurity",
      when: "`ebgpMultiHop` is set, too",
      objects: peers(peer({ ttlSecurity: true, ebgpMultiHop: true })),
    },
    {
      field: "passwordSecret",
      when: "there are two passwords",
      objects: peers(peer({ password: "a", passwordSecret: { name: "b" } })),
    },
    { field: "password", when: "it is longer than 80 bytes", objects: peers(peer({ password: "x".repeat(81) })) },
    {
      field: "passwordSecret.name",
      when: "there is no such Secret",
      objects: { ...peers(peer({ passwordSecret: { name: "router" } })), secrets: [] },
      warnedBy: "speakers",
    },
    {
      field: "passwordSecret.name",
      when: "the Secret has another type",
      objects: {
        ...peers(peer({ passwordSecret: { name: "router" } })),
        secrets: [{ name: "router", type: "Opaque", password: "x" }],
      },
      warnedBy: "speakers",
    },
    {
      field: "bfdProfile",
      when: "there is no such BFDProfile",
      objects: peers(peer({ bfdProfile: "fast" })),
      warnedBy: "webhook",
    },
    {
      field: "bfdProfile",
      when: "the profile has `echoMode` and IPv6 routes go to the peer",
      objects: { ...routes(route({})), ...peers(peer({ bfdProfile: "fast" })), ...bfd({ echoMode: true }) },
    },
  ],
  BGPAdvertisement: [
    {
      field: "aggregationLength",
      when: "a length is above 32, or 128 for IPv6",
      objects: routes(route({ aggregationLength: 33 })),
    },
    {
      field: "aggregationLengthV6",
      when: "a prefix is wider than an entry of the pool",
      objects: routes(route({ aggregationLengthV6: 64 })),
    },
    {
      field: "",
      when: "prefixes are combined for some Services only",
      objects: routes(route({ aggregationLength: 28, serviceSelectors: [{ matchLabels: { app: "web" } }] })),
    },
    { field: "localPref", when: "it is negative", objects: routes(route({ localPref: -1 })) },
    {
      field: "localPref",
      when: "two advertisements give the same route to the same peer with different preferences",
      objects: routes(route({ localPref: 100 }), route({ localPref: 200 }, "second")),
    },
    { field: "communities[0]", when: "a number is too large", objects: routes(route({ communities: ["70000:1"] })) },
    {
      field: "communities[0]",
      when: "no Community has the alias",
      objects: routes(route({ communities: ["keep-in-region"] })),
      warnedBy: "webhook",
    },
    {
      field: "extendedCommunities[0]",
      when: "it can't be read",
      objects: routes(route({ extendedCommunities: ["64512:100"] })),
    },
    { field: "peers[1]", when: "a peer is named twice", objects: routes(route({ peers: ["router", "router"] })) },
    {
      field: "ipFamilies[1]",
      when: "a family is named twice",
      objects: routes(route({ ipFamilies: ["IPv4", "IPv4"] })),
    },
    { field: "med", when: "it is not 0 to 4294967295", objects: routes(route({ med: -1 })) },
    { field: "asPathPrepend", when: "it is not 0 to 16", objects: routes(route({ asPathPrepend: 17 })) },
  ],
  Community: [
    {
      field: "communities[1].name",
      when: "a name is defined twice",
      objects: communities({ name: "a", value: "64512:1" }, { name: "a", value: "64512:2" }),
    },
    {
      field: "communities[0].value",
      when: "the value can't be read",
      objects: communities({ name: "a", value: "64512" }),
    },
  ],
  BFDProfile: [
    { field: "receiveInterval", when: "an interval is not 10 to 60000", objects: bfd({ receiveInterval: 5 }) },
    { field: "detectMultiplier", when: "it is not 2 to 255", objects: bfd({ detectMultiplier: 1 }) },
    { field: "minimumTtl", when: "it is not 1 to 254", objects: bfd({ minimumTtl: 255 }) },
  ],
};
