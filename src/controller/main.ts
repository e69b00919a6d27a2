import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";
import { type Millis, millis } from "../lib/duration.ts";
import { acceptedNotes, commonFlagIssues } from "../lib/flags.ts";
import type { Log } from "../ports/log.ts";
import { createKubeClient } from "../k8s/client.ts";
import { type KubeEndpoint, loadEndpoint } from "../k8s/endpoint.ts";
import { createEventRecorder } from "../k8s/event-recorder.ts";
import { withPermit } from "../k8s/leader-gate.ts";
import { createElector } from "../k8s/lease-elector.ts";
import { createKubeWatcher } from "../k8s/reflector.ts";
import { systemClock } from "../platform/system-clock.ts";
import { systemRandom } from "../platform/system-random.ts";
import { type Listening, type Readiness, serveHealth, serveMetrics } from "../telemetry/http.ts";
import { createLog } from "../telemetry/logger.ts";
import { createMetrics, type ExposedMetrics } from "../telemetry/metrics.ts";
import { CONTROLLER_ACCEPTED_FLAGS, type ControllerFlags } from "./flags.ts";
import type { ControllerPorts } from "./ports.ts";
import { Replica } from "./replica.ts";
import type { MemberlistSecretOptions } from "./memberlist-secret.ts";

/** How long a stop waits for writes that are under way, and for events, so that another replica follows soon. */
const LAST_WRITES = millis(300);
const LAST_EVENTS = millis(200);

type Env = Readonly<Record<string, string | undefined>>;

/** Runs the controller until SIGTERM or SIGINT. Returns the exit code. */
export async function runController(flags: ControllerFlags, env: Env): Promise<number> {
  const log = createLog({ level: flags.logLevel });
  const issues = commonFlagIssues(flags);
  for (const issue of issues) log.error({}, issue);
  if (issues.length > 0) return 2;
  for (const note of acceptedNotes(flags.accepted, CONTROLLER_ACCEPTED_FLAGS)) log.info({}, note);
  const stopped = stopSignal();
  try {
    await serve(flags, env, log, stopped);
    return 0;
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    log.error({ code: error.code }, errorMessage(error));
    return 1;
  }
}

async function serve(flags: ControllerFlags, env: Env, log: Log, stopped: Promise<string>): Promise<void> {
  const endpoint = loadEndpoint({ kubeconfig: flags.kubeconfig || undefined, env });
  const namespace = namespaceFrom(flags, env, endpoint);
  const client = createKubeClient(endpoint);
  const metrics = createMetrics("controller");
  const timing = { clock: systemClock, random: systemRandom };
  const podName = flags.podName || env["METALLB_POD_NAME"] || undefined;
  const host = env["METALLB_POD_NAME"] ?? env["HOSTNAME"] ?? "";
  const watcher = createKubeWatcher(endpoint, { ...timing, log });
  log.info({ server: endpoint.server.href, source: endpoint.source }, "using this API server");

  const lease = { namespace, name: flags.leaderElectLeaseName };
  const identity = `${host || hostname()}_${randomUUID()}`;
  const elector = createElector(
    { ...timing, client, watcher, log, onPermit: (may) => metrics.set("metallb_controller_leader", {}, may ? 1 : 0) },
    flags.leaderElect ? { lease, identity } : undefined,
  );
  const leaderClient = withPermit(client, elector.permit);
  const recorder = { component: "metallb-controller", host, clock: systemClock, log };
  const events = createEventRecorder(leaderClient, recorder);
  const ports: ControllerPorts = { ...timing, watcher, client: leaderClient, events, log, metrics };
  const memberlistSecret = memberlistSecretFrom(flags, env);
  const replica = new Replica(ports, { namespace, loadBalancerClass: flags.lbClass, podName, memberlistSecret });
  elector.start(replica);
  const servers = await listen(flags, replica, { client, log, metrics });

  log.info({ signal: await stopped }, "stopping");
  const allEnded = await within(LAST_WRITES, replica.stop());
  await within(LAST_EVENTS, events.close());
  await elector.close({ release: allEnded });
  await Promise.all(servers.map((server) => server.close()));
}

async function listen(
  flags: ControllerFlags,
  replica: Replica,
  { client, log, metrics }: Pick<ControllerPorts, "client" | "log"> & { readonly metrics: ExposedMetrics },
): Promise<readonly Listening[]> {
  const servers: Listening[] = [];
  const readiness = (): Readiness => {
    const { unread } = replica;
    return unread.length === 0 ? { ready: true } : { ready: false, reason: `not read yet: ${unread.join(", ")}` };
  };
  if (flags.healthProbePort !== 0) servers.push(await serveHealth({ port: flags.healthProbePort, readiness }));
  if (flags.port !== 0) servers.push(await serveMetrics({ port: flags.port, metrics, client, log }));
  return servers;
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

/** Whether `work` ends in time. It is not interrupted. */
async function within(time: Millis, work: Promise<void>): Promise<boolean> {
  const timeout = new AbortController();
  const late = sleep(time, false, { signal: timeout.signal }).catch(() => false);
  const ended = await Promise.race([work.then(() => true), late]);
  timeout.abort();
  return ended;
}

/** Resolves with the name of the first signal that asks to stop. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
}
