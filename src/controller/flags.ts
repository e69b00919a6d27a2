import type { AcceptedFlags } from "../lib/accepted-flags.ts";
import type { LogLevel } from "../telemetry/logger.ts";

/** What the `controller` command is told on its command line. */
export interface ControllerFlags {
  /** Port of the metrics on all addresses; 0: none. */
  readonly port: number;
  /** Where the pools are; "": METALLB_NAMESPACE, else the namespace of the pod's service account. */
  readonly namespace: string;
  readonly logLevel: LogLevel;
  /** Port of `/healthz` and `/readyz` on all addresses; 0: none. */
  readonly healthProbePort: number;
  /** Only Services of this class are served; "": those without a class. */
  readonly lbClass: string;
  /** "": KUBECONFIG, else the pod's service account. */
  readonly kubeconfig: string;
  /** Those of `CONTROLLER_ACCEPTED_FLAGS` that were given, by name. */
  readonly accepted: readonly string[];
}

const LOG_LEVELS: readonly LogLevel[] = ["all", "debug", "info", "warn", "error", "none"];

export const CONTROLLER_DEFAULTS: ControllerFlags = {
  port: 9120,
  namespace: "",
  logLevel: "info",
  healthProbePort: 17472,
  lbClass: "",
  kubeconfig: "",
  accepted: [],
};

const NO_WEBHOOK = "has no effect: there is no admission webhook";
const NO_SECRET = "has no effect: there is no membership, and so no Secret for it";
const OWN_CERTIFICATE = "has no effect: metrics use TLS 1.3 with a certificate of their own";

export const CONTROLLER_ACCEPTED_FLAGS: AcceptedFlags = {
  "pod-name": { takesValue: true, meaning: "has no effect: nothing that the controller writes belongs to its Pod" },
  deployment: { takesValue: true, meaning: NO_SECRET },
  "ml-secret-name": { takesValue: true, meaning: NO_SECRET },
  "disable-cert-rotation": { takesValue: false, meaning: NO_WEBHOOK },
  "cert-dir": { takesValue: true, meaning: NO_WEBHOOK },
  "cert-service-name": { takesValue: true, meaning: NO_WEBHOOK },
  "webhook-mode": { takesValue: true, meaning: NO_WEBHOOK },
  "webhook-secret": { takesValue: true, meaning: NO_WEBHOOK },
  "webhook-http2": { takesValue: false, meaning: NO_WEBHOOK },
  "pprof-bind-address": { takesValue: true, meaning: "has no effect: profiles are a matter of the Go runtime" },
  "tls-min-version": { takesValue: true, meaning: OWN_CERTIFICATE },
  "tls-cipher-suites": { takesValue: true, meaning: OWN_CERTIFICATE },
  "tls-curve-preferences": { takesValue: true, meaning: OWN_CERTIFICATE },
  "metrics-cert-dir": { takesValue: true, meaning: OWN_CERTIFICATE },
};

/** What is wrong with the flags, one sentence each; empty: nothing. */
export function controllerFlagIssues(flags: ControllerFlags): readonly string[] {
  const issues: string[] = [];
  const ports = { "--port": flags.port, "--health-probe-port": flags.healthProbePort };
  for (const [flag, port] of Object.entries(ports))
    if (!Number.isInteger(port) || port < 0 || port > 65_535) issues.push(`${flag} is ${port}; use 0 to 65535`);
  if (flags.port !== 0 && flags.port === flags.healthProbePort)
    issues.push(`--port and --health-probe-port are both ${flags.port}; use different ports`);
  if (!LOG_LEVELS.includes(flags.logLevel))
    issues.push(`--log-level is ${JSON.stringify(flags.logLevel)}; use one of ${LOG_LEVELS.join(", ")}`);
  return issues;
}
