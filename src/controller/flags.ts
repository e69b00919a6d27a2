import {
  type AcceptedFlags,
  COMMON_ACCEPTED_FLAGS,
  COMMON_DEFAULTS,
  type CommonFlags,
  commonFlagIssues,
} from "../lib/flags.ts";

/** `onlywebhook` serves admission and conversion and does nothing else. */
const WEBHOOK_MODES = ["enabled", "disabled", "onlywebhook"] as const;

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
  readonly webhookMode: (typeof WEBHOOK_MODES)[number];
  /** Port of the webhooks on all addresses. */
  readonly webhookPort: number;
  /** Secret in our namespace with the webhooks' authority and certificate. */
  readonly webhookSecret: string;
  /** Service through which the API server reaches the webhooks. */
  readonly certServiceName: string;
  /** Somebody else makes the certificate and puts it into `certDir`. */
  readonly disableCertRotation: boolean;
  /** "": where controller-runtime looks, `TMP/k8s-webhook-server/serving-certs`. */
  readonly certDir: string;
  readonly webhookHttp2: boolean;
}

export const CONTROLLER_DEFAULTS: ControllerFlags = {
  ...COMMON_DEFAULTS,
  podName: "",
  leaderElect: true,
  leaderElectLeaseName: "metallb-controller",
  mlSecretName: "",
  deployment: "",
  webhookMode: "enabled",
  webhookPort: 9443,
  webhookSecret: "metallb-webhook-cert",
  certServiceName: "metallb-webhook-service",
  disableCertRotation: false,
  certDir: "",
  webhookHttp2: false,
};

export const CONTROLLER_ACCEPTED_FLAGS: AcceptedFlags = COMMON_ACCEPTED_FLAGS;

/** A DNS label or several (RFC 1123): what a Kubernetes object can be called. */
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** What is wrong with the flags, one sentence each; empty: nothing. */
export function controllerFlagIssues(flags: ControllerFlags): readonly string[] {
  const issues = [...commonFlagIssues(flags)];
  if (!WEBHOOK_MODES.includes(flags.webhookMode)) {
    const given = JSON.stringify(flags.webhookMode);
    issues.push(`--webhook-mode is ${given}: use one of ${WEBHOOK_MODES.join(", ")}`);
  }
  if (!Number.isInteger(flags.webhookPort) || flags.webhookPort < 1 || flags.webhookPort > 65_535)
    issues.push(`--webhook-port is ${flags.webhookPort}: use 1 to 65535`);
  const names = { "--webhook-secret": flags.webhookSecret, "--cert-service-name": flags.certServiceName };
  for (const [flag, name] of Object.entries(names)) {
    if (!OBJECT_NAME.test(name)) issues.push(`${flag} is ${JSON.stringify(name)}: use the name of a Kubernetes object`);
  }
  return issues;
}
