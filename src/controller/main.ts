import { randomUUID } from "node:crypto";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";
import { type Millis, millis } from "../lib/duration.ts";
import { acceptedNotes } from "../lib/flags.ts";
import type { Clock } from "../ports/clock.ts";
import type { KubeClient, KubeWatcher } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";
import { createKubeClient } from "../k8s/client.ts";
import { type KubeEndpoint, loadEndpoint } from "../k8s/endpoint.ts";
import { createEventRecorder } from "../k8s/event-recorder.ts";
import { withPermit } from "../k8s/leader-gate.ts";
import { createElector } from "../k8s/lease-elector.ts";
import { createKubeWatcher } from "../k8s/reflector.ts";
import { systemClock } from "../platform/system-clock.ts";
import { systemRandom } from "../platform/system-random.ts";
import { type Readiness, serveHealth, serveMetrics } from "../telemetry/http.ts";
import { createLog } from "../telemetry/logger.ts";
import { createMetrics, type ExposedMetrics } from "../telemetry/metrics.ts";
import { openCertificateFolder } from "../tls/certificate-folder.ts";
import { createCertificateMaker } from "../tls/certificate-maker.ts";
import type { Listening } from "../tls/listen.ts";
import { parseTlsPolicy, type TlsPolicy } from "../tls/policy.ts";
import { startWebhookServer } from "../webhook/server.ts";
import { CertificateKeeper } from "./admission/certificate-keeper.ts";
import { createWebhookRoutes } from "./admission/routes.ts";
import { CONTROLLER_ACCEPTED_FLAGS, type ControllerFlags, controllerFlagIssues } from "./flags.ts";
import type { ControllerPorts } from "./ports.ts";
import { Replica } from "./replica.ts";
import type { MemberlistSecretOptions } from "./memberlist-secret.ts";

/** How long a stop waits for writes that are under way, and for events, so that another replica follows soon. */
const LAST_WRITES = millis(300);
const LAST_EVENTS = millis(200);

/** Where controller-runtime looks for the certificate of webhooks. */
const DEFAULT_CERT_DIR = join(tmpdir(), "k8s-webhook-server", "serving-certs");

type Env = Readonly<Record<string, string | undefined>>;

/** Runs the controller until SIGTERM or SIGINT. Returns the exit code. */
export async function runController(flags: ControllerFlags, env: Env): Promise<number> {
  const log = createLog({ level: flags.logLevel });
  const policy = parseTlsPolicy(flags);
  const issues = [...controllerFlagIssues(flags), ...(policy.ok ? [] : policy.error)];
  for (const issue of issues) log.error({}, issue);
  if (issues.length > 0 || !policy.ok) return 2;
  for (const note of acceptedNotes(flags.accepted, CONTROLLER_ACCEPTED_FLAGS)) log.info({}, note);
  const stopped = stopSignal();
  try {
    await serve({ flags, env, policy: policy.value }, log, stopped);
    return 0;
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    log.error({ code: error.code }, errorMessage(error));
    return 1;
  }
}

/** What was said on the command line and around it. */
interface Invocation {
  readonly flags: ControllerFlags;
  readonly env: Env;
  readonly policy: TlsPolicy;
}

/** What every part of the process has in common. */
interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly watcher: KubeWatcher;
  readonly client: KubeClient;
  readonly metrics: ExposedMetrics;
  readonly log: Log;
  /** Where the configuration is. */
  readonly namespace: string;
}

/** A part of the process. */
interface Part {
  /** What has to be read before it can do its work. */
  readonly unread: readonly string[];
  stop(): Promise<void>;
}

async function serve(invocation: Invocation, log: Log, stopped: Promise<string>): Promise<void> {
  const { flags, env } = invocation;
  const endpoint = await loadEndpoint({ kubeconfig: flags.kubeconfig || undefined, env });
  const namespace = namespaceFrom(flags, env, endpoint);
  const timing = { clock: systemClock, random: systemRandom };
  const surroundings: Surroundings = {
    ...timing,
    client: createKubeClient(endpoint),
    watcher: createKubeWatcher(endpoint, { ...timing, log }),
    metrics: createMetrics("controller"),
    log,
    namespace,
  };
  log.info({ server: endpoint.server.href, source: endpoint.source }, "using this API server");
  const parts: Part[] = [];
  const servers: Listening[] = [];
  try {
    if (flags.webhookMode !== "disabled") parts.push(await startWebhooks(invocation, surroundings));
    if (flags.webhookMode !== "onlywebhook") parts.push(startReplica(invocation, surroundings));
    for await (const server of listen(invocation, parts, surroundings)) servers.push(server);
    log.info({ signal: await stopped }, "stopping");
  } finally {
    await Promise.all(parts.map((part) => part.stop()));
    await Promise.all(servers.map((server) => server.close()));
  }
}

/** What gives Services their addresses. It writes only while it leads. */
function startReplica({ flags, env }: Invocation, surroundings: Surroundings): Part {
  const { client, metrics, log, namespace } = surroundings;
  const podName = flags.podName || env["METALLB_POD_NAME"] || undefined;
  const host = env["METALLB_POD_NAME"] ?? env["HOSTNAME"] ?? "";
  const lease = { namespace, name: flags.leaderElectLeaseName };
  const identity = `${host || hostname()}_${randomUUID()}`;
  const elector = createElector(
    { ...surroundings, onPermit: (may) => metrics.set("metallb_controller_leader", {}, may ? 1 : 0) },
    flags.leaderElect ? { lease, identity } : undefined,
  );
  const leaderClient = withPermit(client, elector.permit);
  const recorder = { component: "metallb-controller", host, clock: systemClock, log };
  const events = createEventRecorder(leaderClient, recorder);
  const ports: ControllerPorts = { ...surroundings, client: leaderClient, events };
  const memberlistSecret = memberlistSecretFrom(flags, env);
  const replica = new Replica(ports, { namespace, loadBalancerClass: flags.lbClass, podName, memberlistSecret });
  elector.start(replica);
  return {
    get unread() {
      return replica.unread;
    },
    stop: async () => {
      const orderly = await within(LAST_WRITES, replica.stop());
      await within(LAST_EVENTS, events.close());
      await elector.close({ release: orderly === true });
    },
  };
}

/** Admission and conversion. Leadership plays no part: every replica serves them. */
async function startWebhooks({ flags, policy }: Invocation, surroundings: Surroundings): Promise<Part> {
  const { log, namespace } = surroundings;
  const routes = createWebhookRoutes(namespace, surroundings);
  const folder = flags.disableCertRotation
    ? await openCertificateFolder(flags.certDir || DEFAULT_CERT_DIR, surroundings)
    : undefined;
  const server = await startWebhookServer({ port: flags.webhookPort, policy, http2: flags.webhookHttp2, routes, log });
  if (folder !== undefined) {
    server.use(folder.certificate);
    const watch = folder.watch((certificate) => server.use(certificate));
    const stop = () => {
      watch.close();
      return server.close();
    };
    return { unread: [], stop };
  }
  const maker = createCertificateMaker(flags.certServiceName, namespace);
  const secret = { namespace, name: flags.webhookSecret };
  const keeper = new CertificateKeeper(secret, { ...surroundings, maker }, (certificate) => server.use(certificate));
  keeper.start();
  return {
    get unread() {
      return keeper.serving ? [] : [`the webhooks' certificate in Secret ${secret.name}`];
    },
    stop: async () => {
      await Promise.all([within(LAST_WRITES, keeper.close()), server.close()]);
    },
  };
}

async function* listen(
  { flags, policy }: Invocation,
  parts: readonly Part[],
  surroundings: Surroundings,
): AsyncGenerator<Listening> {
  const readiness = (): Readiness => {
    const unread = parts.flatMap((part) => part.unread);
    return unread.length === 0 ? { ready: true } : { ready: false, reason: `not read yet: ${unread.join(", ")}` };
  };
  const { port, healthProbePort, metricsCertDir } = flags;
  if (healthProbePort !== 0) yield await serveHealth({ port: healthProbePort, readiness });
  if (port === 0) return;
  const folder = metricsCertDir === "" ? undefined : await openCertificateFolder(metricsCertDir, surroundings);
  yield await serveMetrics({ ...surroundings, port, policy, folder });
}

function namespaceFrom(flags: ControllerFlags, env: Env, endpoint: KubeEndpoint): string {
  const namespace = flags.namespace || env["METALLB_NAMESPACE"] || endpoint.namespace;
  if (namespace) return namespace;
  const message = "no namespace: give --namespace or set METALLB_NAMESPACE, or run in a pod";
  throw new EnvironmentError("no-namespace", message, { retryable: false });
}

function memberlistSecretFrom(flags: ControllerFlags, env: Env): MemberlistSecretOptions | undefined {
  const name = flags.mlSecretName || env["METALLB_ML_SECRET_NAME"];
  return name ? { name, deployment: flags.deployment || (env["METALLB_DEPLOYMENT"] ?? "") } : undefined;
}

/** The result of `work`, or undefined when it does not end in time. It is not interrupted. */
async function within<T>(time: Millis, work: Promise<T>): Promise<T | undefined> {
  const timeout = new AbortController();
  const late = sleep(time, undefined, { signal: timeout.signal }).catch(() => undefined);
  const result = await Promise.race([work, late]);
  timeout.abort();
  return result;
}

/** Resolves with the name of the first signal that asks to stop. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
}
