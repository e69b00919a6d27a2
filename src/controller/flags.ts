import { type AcceptedFlags, COMMON_ACCEPTED_FLAGS, COMMON_DEFAULTS, type CommonFlags } from "../lib/flags.ts";

/** What the `controller` command is told on its command line. */
export interface ControllerFlags extends CommonFlags {
  /** Our own Pod, which owns the ConfigurationState; "": METALLB_POD_NAME, else nobody owns it. */
  readonly podName: string;
}

export const CONTROLLER_DEFAULTS: ControllerFlags = { ...COMMON_DEFAULTS, podName: "" };

const NO_WEBHOOK = "has no effect: there is no admission webhook";
const NO_SECRET = "has no effect: there is no membership, and so no Secret for it";

export const CONTROLLER_ACCEPTED_FLAGS: AcceptedFlags = {
  ...COMMON_ACCEPTED_FLAGS,
  deployment: { takesValue: true, meaning: NO_SECRET },
  "ml-secret-name": { takesValue: true, meaning: NO_SECRET },
  "disable-cert-rotation": { takesValue: false, meaning: NO_WEBHOOK },
  "cert-dir": { takesValue: true, meaning: NO_WEBHOOK },
  "cert-service-name": { takesValue: true, meaning: NO_WEBHOOK },
  "webhook-mode": { takesValue: true, meaning: NO_WEBHOOK },
  "webhook-secret": { takesValue: true, meaning: NO_WEBHOOK },
  "webhook-http2": { takesValue: false, meaning: NO_WEBHOOK },
};
