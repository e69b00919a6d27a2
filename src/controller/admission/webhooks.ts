import type { ConfigObjects } from "../../config/validate.ts";

/** The kinds whose objects are checked before they are stored. */
export type CheckedKind =
  | "IPAddressPool"
  | "L2Advertisement"
  | "BGPAdvertisement"
  | "BGPPeer"
  | "BFDProfile"
  | "Community";

interface Webhook {
  /** URL path, as the reference's webhook configuration has it. */
  readonly path: string;
  /** Where this kind is among the objects of a configuration. */
  readonly field: Exclude<keyof ConfigObjects, "secrets" | "nodes" | "namespaces">;
  /** What the check wants to know beyond the objects of these kinds. Nodes of a large cluster are many megabytes. */
  readonly needs: readonly ("nodes" | "secrets")[];
}

export const WEBHOOKS: Readonly<Record<CheckedKind, Webhook>> = {
  IPAddressPool: { path: "/validate-metallb-io-v1beta1-ipaddresspool", field: "ipAddressPools", needs: [] },
  L2Advertisement: { path: "/validate-metallb-io-v1beta1-l2advertisement", field: "l2Advertisements", needs: [] },
  BGPAdvertisement: {
    path: "/validate-metallb-io-v1beta1-bgpadvertisement",
    field: "bgpAdvertisements",
    needs: ["nodes"],
  },
  BGPPeer: { path: "/validate-metallb-io-v1beta2-bgppeer", field: "bgpPeers", needs: ["nodes", "secrets"] },
  BFDProfile: { path: "/validate-metallb-io-v1beta1-bfdprofile", field: "bfdProfiles", needs: [] },
  Community: { path: "/validate-metallb-io-v1beta1-community", field: "communities", needs: [] },
};

export const CONVERSION_PATH = "/convert";
