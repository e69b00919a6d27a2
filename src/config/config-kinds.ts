import type { KubeObject } from "../ports/kube.ts";

/** Kinds that users write, by the name of their list in a configuration. The others are written by us. */
export const CONFIG_KINDS = {
  IPAddressPool: "ipAddressPools",
  L2Advertisement: "l2Advertisements",
  BGPAdvertisement: "bgpAdvertisements",
  BGPPeer: "bgpPeers",
  BFDProfile: "bfdProfiles",
  Community: "communities",
} as const;

export type ConfigKind = keyof typeof CONFIG_KINDS;

/** The objects of a configuration, by the name of their list. */
export type ConfigLists = Readonly<Record<(typeof CONFIG_KINDS)[ConfigKind], readonly KubeObject[]>>;
