/** What the command lines of controller and speaker have in common. */

/** The reference's names, least severe first. */
const LOG_LEVELS = ["all", "debug", "info", "warn", "error", "none"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface CommonFlags {
  /** Where the metallb.io resources are; "": METALLB_NAMESPACE, else the namespace of the pod's service account. */
  readonly namespace: string;
  /** Only Services of this class are served; "": those without a class. */
  readonly lbClass: string;
  /** Port of the metrics on all addresses; 0: none. */
  readonly port: number;
  /** Port of `/healthz` and `/readyz`; 0: none. */
  readonly healthProbePort: number;
  readonly logLevel: LogLevel;
  /** "": KUBECONFIG, else the pod's service account. */
  readonly kubeconfig: string;
  /** Oldest version of TLS that our servers speak, by Kubernetes' name (`VersionTLS12`); "": TLS 1.3. */
  readonly tlsMinVersion: string;
  /** Go's names of TLS 1.2 cipher suites with commas between; "": those that are good today. */
  readonly tlsCipherSuites: string;
  /** IANA's numbers of the groups for key exchange, with commas between, the best first; "": those that are good today. */
  readonly tlsCurvePreferences: string;
  /** Folder with tls.crt and tls.key for the metrics; "": a certificate that is made at start. */
  readonly metricsCertDir: string;
  /** Those of the process's accepted flags that were given, by name. */
  readonly accepted: readonly string[];
}

export const COMMON_DEFAULTS: CommonFlags = {
  namespace: "",
  lbClass: "",
  port: 9120,
  healthProbePort: 17472,
  logLevel: "info",
  kubeconfig: "",
  tlsMinVersion: "",
  tlsCipherSuites: "",
  tlsCurvePreferences: "",
  metricsCertDir: "",
  accepted: [],
};

/** A flag of the reference that is taken so that its manifests work, but changes nothing. */
interface AcceptedFlag {
  readonly takesValue: boolean;
  /** What becomes of it here, as the rest of a sentence. */
  readonly meaning: string;
}

/** By name, without dashes. */
export type AcceptedFlags = Readonly<Record<string, AcceptedFlag>>;

export const COMMON_ACCEPTED_FLAGS: AcceptedFlags = {
  "pprof-bind-address": {
    takesValue: true,
    meaning: "has no effect: pprof belongs to Go; process_* and nodejs_* metrics tell about time and memory",
  },
};

/** What is wrong with the flags, one sentence each; empty: nothing. */
export function commonFlagIssues(flags: CommonFlags): readonly string[] {
  const issues: string[] = [];
  const ports = { "--port": flags.port, "--health-probe-port": flags.healthProbePort };
  for (const [flag, port] of Object.entries(ports)) {
    if (!Number.isInteger(port) || port < 0 || port > 65_535) issues.push(`${flag} is ${port}: use 0 to 65535`);
  }
  if (flags.port !== 0 && flags.port === flags.healthProbePort) {
    issues.push(`--port and --health-probe-port are both ${flags.port}: use different ports`);
  }
  if (!LOG_LEVELS.includes(flags.logLevel)) {
    issues.push(`--log-level is ${JSON.stringify(flags.logLevel)}: use one of ${LOG_LEVELS.join(", ")}`);
  }
  return issues;
}

/** A sentence for each accepted flag that was given. */
export function acceptedNotes(given: readonly string[], flags: AcceptedFlags): readonly string[] {
  return given.filter((name) => Object.hasOwn(flags, name)).map((name) => `--${name} ${flags[name]!.meaning}`);
}
