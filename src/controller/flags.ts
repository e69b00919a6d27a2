import { type AcceptedFlags, COMMON_ACCEPTED_FLAGS, COMMON_DEFAULTS, type CommonFlags } from "../lib/flags.ts";

/** What the `controller` command is told on its command line. */
export interface ControllerFlags extends CommonFlags {
  /** Our own Pod, which owns the ConfigurationState; "": METALLB_POD_NAME, else nobody owns it. */
  readonly podName: string;
  /** Whether replicas elect a leader; false: this is the only one. */
  readonly leaderElect: boolean;
  /** Name of the Lease, in our namespace. */
  readonly leaderElectLeaseName: string;
  /** The Secret that is made for the speakers' membership; "": METALLB_ML_SECRET_NAME, else none. */
  readonly mlSecretName: string;
  /** Our own Deployment, which owns that Secret; "": METALLB_DEPLOYMENT, else nobody owns it. */
  readonly deployment: string;
}

export const CONTROLLER_DEFAULTS: ControllerFlags = {
  ...COMMON_DEFAULTS,
  podName: "",
  leaderElect: true,
  leaderElectLeaseName: "metallb-controller",
  mlSecretName: "",
  deployment: "",
};

const NO_WEBHOOK = "has no effect: there is no admission webhook";

export const CONTROLLER_ACCEPTED_FLAGS: AcceptedFlags = {
  ...COMMON_ACCEPTED_FLAGS,
  "disable-cert-rotation": { takesValue: false, meaning: NO_WEBHOOK },
  "cert-dir": { takesValue: true, meaning: NO_WEBHOOK },
  "cert-service-name": { takesValue: true, meaning: NO_WEBHOOK },
  "webhook-mode": { takesValue: true, meaning: NO_WEBHOOK },
  "webhook-secret": { takesValue: true, meaning: NO_WEBHOOK },
  "webhook-http2": { takesValue: false, meaning: NO_WEBHOOK },
};
