import type { ConfigKind } from "../../config/config-kinds.ts";

interface Webhook {
  /** URL path, as the reference's webhook configuration has it. */
  readonly path: string;
  /**
   * Whether the check wants to know the nodes, too: those of a large cluster are many megabytes. Secrets are never read:
   * the controller has no business with passwords, and the speakers say which of them is missing.
   */
  readonly needsNodes: boolean;
}

/** The kinds whose objects are checked before they are stored. */
export const WEBHOOKS: Readonly<Record<ConfigKind, Webhook>> = {
  IPAddressPool: { path: "/validate-metallb-io-v1beta1-ipaddresspool", needsNodes: false },
  L2Advertisement: { path: "/validate-metallb-io-v1beta1-l2advertisement", needsNodes: false },
  BGPAdvertisement: {
    path: "/validate-metallb-io-v1beta1-bgpadvertisement",
    needsNodes: true,
  },
  BGPPeer: { path: "/validate-metallb-io-v1beta2-bgppeer", needsNodes: true },
  BFDProfile: { path: "/validate-metallb-io-v1beta1-bfdprofile", needsNodes: false },
  Community: { path: "/validate-metallb-io-v1beta1-community", needsNodes: false },
};

export const CONVERSION_PATH = "/convert";
