/** What the `speaker` command is told: its flags, and the environment behind them. Pure. */
export interface SpeakerFlags {
  /** Name of the node it runs on; "": METALLB_NODE_NAME. */
  readonly nodeName: string;
  /** Where the configuration is; "": METALLB_NAMESPACE, else the namespace of the pod's service account. */
  readonly namespace: string;
  /** Our own Pod, which owns the status objects; "": METALLB_POD_NAME, else nobody owns them. */
  readonly podName: string;
  /** Only Services of this class are announced; "": those without a class. */
  readonly lbClass: string;
  /** Whether nodes labelled as excluded from load balancers announce nevertheless. */
  readonly ignoreExcludeLb: boolean;
  /** YAML file with the interfaces that are never used. */
  readonly excludeL2File: string;
  /** Port of the metrics on all addresses; 0: none. */
  readonly port: number;
  /** Port of `/healthz` and `/readyz` on 127.0.0.1; 0: none. */
  readonly healthProbePort: number;
  readonly logLevel: LogLevel;
  /** "": KUBECONFIG, else the pod's service account. */
  readonly kubeconfig: string;
  /** Those of `ACCEPTED_FLAGS` that were given, by name. */
  readonly accepted: readonly string[];
}

/** The reference's names, least severe first. */
const LOG_LEVELS = ["all", "debug", "info", "warn", "error", "none"] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

export const SPEAKER_DEFAULTS: SpeakerFlags = {
  nodeName: "",
  namespace: "",
  podName: "",
  lbClass: "",
  ignoreExcludeLb: false,
  excludeL2File: "/etc/metallb/excludel2.yaml",
  port: 9120,
  healthProbePort: 17472,
  logLevel: "info",
  kubeconfig: "",
  accepted: [],
};

export interface AcceptedFlag {
  readonly takesValue: boolean;
  /** What becomes of it here, as the rest of a sentence. */
  readonly meaning: string;
}

const NO_MEMBERSHIP = "has no effect: speakers agree through the Node objects";
const NO_DAEMON = "has no effect: there is no routing daemon beside the speaker";
const OWN_CERTIFICATE = "has no effect: metrics use TLS 1.3 with a certificate of their own";

/** Flags of the reference that are taken so that its manifests work, but change nothing. By name, without dashes. */
export const ACCEPTED_FLAGS: Readonly<Record<string, AcceptedFlag>> = {
  host: { takesValue: true, meaning: "is deprecated and has no effect" },
  "ml-bindaddr": { takesValue: true, meaning: NO_MEMBERSHIP },
  "ml-bindport": { takesValue: true, meaning: NO_MEMBERSHIP },
  "ml-labels": { takesValue: true, meaning: NO_MEMBERSHIP },
  "ml-secret-key-path": { takesValue: true, meaning: NO_MEMBERSHIP },
  "ml-wan-config": { takesValue: false, meaning: NO_MEMBERSHIP },
  "bgp-debounce-timeout": { takesValue: true, meaning: NO_DAEMON },
  "frrk8s-namespace": { takesValue: true, meaning: NO_DAEMON },
  "frrk8s-secret-passthrough": { takesValue: false, meaning: NO_DAEMON },
  "pprof-bind-address": { takesValue: true, meaning: "has no effect: profiles are a matter of the Go runtime" },
  "tls-min-version": { takesValue: true, meaning: OWN_CERTIFICATE },
  "tls-cipher-suites": { takesValue: true, meaning: OWN_CERTIFICATE },
  "tls-curve-preferences": { takesValue: true, meaning: OWN_CERTIFICATE },
  "metrics-cert-dir": { takesValue: true, meaning: OWN_CERTIFICATE },
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Flags with the environment filled in, what is wrong with them, and what a user might wonder about. */
export interface ResolvedFlags {
  readonly flags: SpeakerFlags;
  /** One sentence each; empty: nothing is wrong. */
  readonly issues: readonly string[];
  readonly notes: readonly string[];
}

/** `podNamespace` is the namespace of the pod's service account; undefined outside of a pod. */
export function resolveSpeakerFlags(
  given: SpeakerFlags,
  env: Environment,
  podNamespace: string | undefined,
): ResolvedFlags {
  const flags: SpeakerFlags = {
    ...given,
    nodeName: given.nodeName || (env["METALLB_NODE_NAME"] ?? ""),
    namespace: given.namespace || env["METALLB_NAMESPACE"] || (podNamespace ?? ""),
    podName: given.podName || (env["METALLB_POD_NAME"] ?? ""),
  };
  return { flags, issues: issuesOf(flags), notes: [...notesOf(flags), ...bgpNotes(env["METALLB_BGP_TYPE"])] };
}

function issuesOf(flags: SpeakerFlags): readonly string[] {
  const issues: string[] = [];
  if (flags.nodeName === "") issues.push("the node's name is missing: give --node-name or set METALLB_NODE_NAME");
  if (flags.namespace === "") issues.push("the namespace is missing: give --namespace or set METALLB_NAMESPACE");
  const ports = { "--port": flags.port, "--health-probe-port": flags.healthProbePort };
  for (const [flag, port] of Object.entries(ports))
    if (!Number.isInteger(port) || port < 0 || port > 65_535) issues.push(`${flag} is ${port}: use 0 to 65535`);
  if (flags.port !== 0 && flags.port === flags.healthProbePort)
    issues.push(`--port and --health-probe-port are both ${flags.port}: use different ports`);
  if (!LOG_LEVELS.includes(flags.logLevel))
    issues.push(`--log-level is ${JSON.stringify(flags.logLevel)}: use one of ${LOG_LEVELS.join(", ")}`);
  return issues;
}

function notesOf({ accepted }: SpeakerFlags): readonly string[] {
  return accepted.filter((name) => name in ACCEPTED_FLAGS).map((name) => `--${name} ${ACCEPTED_FLAGS[name]!.meaning}`);
}

function bgpNotes(type: string | undefined): readonly string[] {
  if (type === undefined || type === "") return [];
  return [`METALLB_BGP_TYPE=${type} is accepted; this version announces on layer 2 only`];
}
