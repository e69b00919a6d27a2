import type { ConfigKind } from "../../config/config-kinds.ts";

interface Webhook {
  /** URL path, as the reference's webhook configuration has it. */
  readonly path: string;
  /** What the check wants to know beyond the objects of these kinds. Nodes of a large cluster are many megabytes. */
  readonly needs: readonly ("nodes" | "secrets")[];
}

/** The kinds whose objects are checked before they are stored. */
export const WEBHOOKS: Readonly<Record<ConfigKind, Webhook>> = {
  IPAddressPool: { path: "/validate-metallb-io-v1beta1-ipaddresspool", needs: [] },
  L2Advertisement: { path: "/validate-metallb-io-v1beta1-l2advertisement", needs: [] },
  BGPAdvertisement: {
    path: "/validate-metallb-io-v1beta1-bgpadvertisement",
    needs: ["nodes"],
  },
  BGPPeer: { path: "/validate-metallb-io-v1beta2-bgppeer", needs: ["nodes", "secrets"] },
  BFDProfile: { path: "/validate-metallb-io-v1beta1-bfdprofile", needs: [] },
  Community: { path: "/validate-metallb-io-v1beta1-community", needs: [] },
};

export const CONVERSION_PATH = "/convert";
