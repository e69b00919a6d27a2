import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createKubeClient } from "../k8s/client.ts";
import { loadEndpoint } from "../k8s/endpoint.ts";
import { createEventRecorder } from "../k8s/event-recorder.ts";
import { createKubeWatcher } from "../k8s/reflector.ts";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";
import { stateDocument } from "./live-state-document.ts";
import { createLinks } from "../platform/link-monitor.ts";
import { systemClock } from "../platform/system-clock.ts";
import { systemRandom } from "../platform/system-random.ts";
import { tcpStreams } from "../platform/tcp.ts";
import type { KubeClient } from "../ports/kube.ts";
import type { Link } from "../ports/links.ts";
import type { Log } from "../ports/log.ts";
import { serveHealth, serveMetrics } from "../telemetry/http.ts";
import { createLog } from "../telemetry/logger.ts";
import { createMetrics, type ExposedMetrics } from "../telemetry/metrics.ts";
import { openCertificateFolder } from "../tls/certificate-folder.ts";
import type { Listening } from "../tls/listen.ts";
import { parseTlsPolicy, type TlsPolicy } from "../tls/policy.ts";
import { EXCLUDE_NOTHING, parseExcludedInterfaces } from "./excluded-interfaces.ts";
import { type MembershipConfig, membershipConfig, wantsMembership } from "./membership-config.ts";
import { resolveSpeakerFlags, type SpeakerFlags } from "./flags.ts";
import { defaultRouterId } from "./bgp/default-router-id.ts";
import { NodeSessions } from "./bgp/node-sessions.ts";
import type { ListenPlan } from "./bgp/peer-manager.ts";
import { Speaker } from "./run.ts";
import { spawnProtocolWorker } from "./spawn-worker.ts";

const POD_NAMESPACE_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/** IANA's. */
const BGP_PORT = 179;

/** Exit codes of the command. */
const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Runs the speaker until a signal ends it, and returns the exit code. */
export async function runSpeaker(given: SpeakerFlags, env: Environment): Promise<number> {
  const { flags, issues, notes } = resolveSpeakerFlags(given, env, readIfThere(POD_NAMESPACE_FILE)?.trim());
  const policy = parseTlsPolicy(flags);
  if (issues.length > 0 || !policy.ok) {
    for (const issue of [...issues, ...(policy.ok ? [] : policy.error)]) process.stderr.write(`speaker: ${issue}\n`);
    return EXIT.usage;
  }
  const log = createLog({ level: flags.logLevel });
  for (const note of notes) log.info({}, note);
  try {
    return await serve(flags, policy.value, env, log);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    log.error({ code: error.code }, `the speaker can't run: ${error.message}`);
    return EXIT.failed;
  }
}

async function serve(flags: SpeakerFlags, policy: TlsPolicy, env: Environment, log: Log): Promise<number> {
  const { nodeName: node, namespace } = flags;
  const ends = signalled();
  const endpoint = await loadEndpoint({ kubeconfig: flags.kubeconfig === "" ? undefined : flags.kubeconfig, env });
  const excludedInterfaces = readExcludedInterfaces(flags.excludeL2File);
  const client = createKubeClient(endpoint);
  const metrics = createMetrics("speaker");
  const common = { clock: systemClock, random: systemRandom, log };
  const events = createEventRecorder(client, { ...common, component: "metallb-speaker", host: node });
  const membership = readMembership(flags, log);
  const worker = spawnProtocolWorker({ excludedInterfaces, membership });
  const links = watchLinks(log);
  const sessions = new NodeSessions(
    { listen: listenPlan(flags.bgpListenPort), defaultRouterId: defaultRouterId(env["METALLB_HOST"], node) },
    { ...common, metrics, streams: tcpStreams, links: links.current },
  );
  const speaker = new Speaker(
    {
      node,
      namespace,
      podName: flags.podName === "" ? undefined : flags.podName,
      loadBalancerClass: flags.lbClass,
      ignoreExcludeLabel: flags.ignoreExcludeLb,
      speakerPods: membership === undefined ? undefined : { labels: flags.mlLabels, port: membership.port },
    },
    { ...common, client, metrics, events, worker, sessions, watcher: createKubeWatcher(endpoint, common) },
  );
  try {
    const servers = await listen(flags, { speaker, client, metrics, policy, log });
    speaker.start();
    log.info({ node, namespace, apiServer: endpoint.source }, "speaker started");
    const end = await Promise.race([ends, worker.failed.then((error) => ({ error }))]);
    if ("error" in end) log.error({ error: end.error }, `the protocol worker ended: ${end.error}`);
    else log.info({ signal: end.signal }, "stopping: withdrawing all addresses");
    await speaker.stop();
    await Promise.all([events.close(), ...servers.map((server) => server.close())]);
    log.info({ node }, "speaker stopped");
    return "error" in end ? EXIT.failed : EXIT.ok;
  } finally {
    links.close();
    await worker.close();
  }
}

interface Served {
  readonly speaker: Speaker;
  readonly client: KubeClient;
  readonly metrics: ExposedMetrics;
  readonly policy: TlsPolicy;
  readonly log: Log;
}

async function listen(flags: SpeakerFlags, served: Served): Promise<readonly Listening[]> {
  const { speaker, ...exposed } = served;
  const { port, healthProbePort, metricsCertDir } = flags;
  const servers: Listening[] = [];
  if (healthProbePort !== 0) {
    const readiness = () => {
      const reason = speaker.waitingFor();
      return reason === undefined ? ({ ready: true } as const) : ({ ready: false, reason } as const);
    };
    servers.push(await serveHealth({ host: "127.0.0.1", port: healthProbePort, readiness }));
  }
  if (port !== 0) {
    const ports = { clock: systemClock, log: served.log };
    const folder = metricsCertDir === "" ? undefined : await openCertificateFolder(metricsCertDir, ports);
    servers.push(await serveMetrics({ port, folder, documents: [stateDocument(speaker)], ...exposed }));
  }
  return servers;
}

/** `port` as in the flags, where it was checked. */
function listenPlan(port: string): ListenPlan | undefined {
  if (port === "") return { port: BGP_PORT, onlyIfNeeded: true };
  return Number(port) === 0 ? undefined : { port: Number(port), onlyIfNeeded: false };
}

interface WatchedLinks {
  readonly current: () => readonly Link[];
  readonly close: () => void;
}

/** Without them BGP goes on, and knows no next hop of another family than the session's. */
function watchLinks(log: Log): WatchedLinks {
  let known: readonly Link[] = [];
  const complain = (error: unknown): void =>
    log.warn({}, `interfaces can't be watched for BGP: ${errorMessage(error)}`);
  try {
    const watch = createLinks().watch((links) => (known = links), complain);
    return { current: () => known, close: () => watch.close() };
  } catch (error) {
    complain(error);
    return { current: () => known, close: () => {} };
  }
}

/** The first SIGTERM or SIGINT; the second ends the process as if nobody listened. */
function signalled(): Promise<{ readonly signal: string }> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve({ signal }));
  });
}

/** A missing file excludes nothing. One that can't be used ends the speaker: better than answering on a wrong interface. */
function readExcludedInterfaces(file: string): string {
  const text = readIfThere(file);
  if (text === undefined) return EXCLUDE_NOTHING;
  const parsed = parseExcludedInterfaces(text);
  if (parsed.ok) return parsed.value;
  throw new EnvironmentError("excluded-interfaces", `${file}: ${parsed.error}`, { retryable: false });
}

/** What can't be used ends the speaker: membership with other settings or without encryption is not what was asked for. */
function readMembership(flags: SpeakerFlags, log: Log): MembershipConfig | undefined {
  const wanted = wantsMembership(flags);
  const { config, issues, notes } = membershipConfig(flags, {
    config: wanted ? readIfThere(flags.mlConfigFile) : undefined,
    secretKey: wanted && flags.mlSecretKeyPath !== "" ? read(join(flags.mlSecretKeyPath, "secretkey")) : undefined,
  });
  if (issues.length > 0) throw new EnvironmentError("membership", issues.join("; "), { retryable: false });
  for (const note of notes) log.info({}, note);
  return config;
}

function read(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): EnvironmentError {
  return new EnvironmentError("unreadable", `${file} can't be read: ${errorMessage(error)}`, { retryable: false });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(file, error);
  }
}
