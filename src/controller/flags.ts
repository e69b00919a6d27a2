import { type AcceptedFlags, COMMON_ACCEPTED_FLAGS, COMMON_DEFAULTS, type CommonFlags } from "../lib/flags.ts";

/** What the `controller` command is told on its command line. */
export type ControllerFlags = CommonFlags;

export const CONTROLLER_DEFAULTS: ControllerFlags = COMMON_DEFAULTS;

const NO_WEBHOOK = "has no effect: there is no admission webhook";
const NO_SECRET = "has no effect: there is no membership, and so no Secret for it";

export const CONTROLLER_ACCEPTED_FLAGS: AcceptedFlags = {
  ...COMMON_ACCEPTED_FLAGS,
  "pod-name": { takesValue: true, meaning: "has no effect: nothing that the controller writes belongs to its Pod" },
  deployment: { takesValue: true, meaning: NO_SECRET },
  "ml-secret-name": { takesValue: true, meaning: NO_SECRET },
  "disable-cert-rotation": { takesValue: false, meaning: NO_WEBHOOK },
  "cert-dir": { takesValue: true, meaning: NO_WEBHOOK },
  "cert-service-name": { takesValue: true, meaning: NO_WEBHOOK },
  "webhook-mode": { takesValue: true, meaning: NO_WEBHOOK },
  "webhook-secret": { takesValue: true, meaning: NO_WEBHOOK },
  "webhook-http2": { takesValue: false, meaning: NO_WEBHOOK },
};
