import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceAccountUser } from "../../src/dev/api-server/auth.ts";
import type { AccessRecord } from "../../src/dev/api-server/authorization/gate.ts";
import { kubeconfig } from "../../src/dev/api-server/kubeconfig.ts";
import { createKubeClient } from "../../src/k8s/client.ts";
import { loadEndpoint } from "../../src/k8s/endpoint.ts";
import { createEventRecorder } from "../../src/k8s/event-recorder.ts";
import { createKubeWatcher } from "../../src/k8s/reflector.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import { tcpStreams } from "../../src/platform/tcp.ts";
import { NodeSessions } from "../../src/speaker/bgp/node-sessions.ts";
import { stateDocument } from "../../src/speaker/live-state-document.ts";
import { Speaker } from "../../src/speaker/run.ts";
import { serveMetrics } from "../../src/telemetry/http.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { DEFAULT_TLS_POLICY } from "../../src/tls/policy.ts";
import { type ApiServerLab, startApiServerLab } from "./api-server-lab.ts";
import { FakeWorker } from "./fake-worker.ts";
import { type Manifest, manifestOf, renderChart } from "./helm.ts";
import { freePort, MetallbProcess } from "./metallb-process.ts";
import { RecordingLog } from "./recording-log.ts";
import { type Called, runInspect } from "./run-inspect.ts";

export const NAMESPACE = "metallb-system";

/** What the chart installs that processes work with; nothing here runs Deployments. */
const INSTALLED = [
  "ServiceAccount",
  "ClusterRole",
  "ClusterRoleBinding",
  "Role",
  "RoleBinding",
  "Secret",
  "Service",
  "Deployment",
  "ValidatingWebhookConfiguration",
];

interface NewObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly status?: object;
  readonly [field: string]: unknown;
}

/** A controller as its Deployment starts it, but for ports. */
export interface LabController {
  readonly process: MetallbProcess;
  readonly metricsPort: number;
}

/**
 * A speaker with the credentials of its account, real connections to the API server and to BGP peers, and its metrics
 * server. Frames are of no interest here: its worker answers at once.
 */
export interface LabSpeaker {
  readonly metricsPort: number;
  stop(): Promise<void>;
}

/** An API server that enforces roles, and what the chart installs into it: nothing else is allowed to our processes. */
export class RbacLab {
  readonly api: ApiServerLab["api"];
  readonly server: ApiServerLab["server"];
  /** Every decision so far about somebody who is not the admin. */
  readonly journal: readonly AccessRecord[];
  readonly manifests: readonly Manifest[];
  /** What the speakers log. */
  readonly log = new RecordingLog();
  readonly #lab: ApiServerLab;
  readonly #folder = mkdtempSync(join(tmpdir(), "metallb-rbac-"));
  readonly #closers: (() => Promise<unknown>)[] = [];

  private constructor(lab: ApiServerLab, manifests: readonly Manifest[], journal: readonly AccessRecord[]) {
    this.#lab = lab;
    this.api = lab.api;
    this.server = lab.server;
    this.manifests = manifests;
    this.journal = journal;
  }

  static async start(values: object): Promise<RbacLab> {
    const manifests = renderChart({ values });
    const journal: AccessRecord[] = [];
    const lab = await startApiServerLab({
      crds: manifests.filter(({ kind }) => kind === "CustomResourceDefinition"),
      authorizationMode: "RBAC",
      onAccess: (record) => {
        if (!record.user.groups.includes("system:masters")) journal.push(record);
      },
    });
    const rbac = new RbacLab(lab, manifests, journal);
    for (const manifest of manifests) if (INSTALLED.includes(manifest.kind)) await rbac.create(manifest);
    return rbac;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close();
    await this.#lab.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** Creates an object as the admin does, with its status when it has one. */
  async create(object: NewObject): Promise<void> {
    const { name } = object.metadata;
    const path = collectionOf(object);
    const answer = await this.api.post(path, object);
    if (answer.code !== 201) throw new Error(answer.text);
    if (object.status === undefined) return;
    const written = await this.api.patch(`${path}/${name}/status`, "merge", { status: object.status });
    if (written.code !== 200) throw new Error(written.text);
  }

  /** Deletes the object of this kind and name. */
  async delete(object: NewObject): Promise<void> {
    const answer = await this.api.delete(`${collectionOf(object)}/${object.metadata.name}`);
    if (answer.code !== 200) throw new Error(answer.text);
  }

  /** The Pod of a speaker or a controller, for the processes to find themselves and each other. */
  async pod(of: "controller" | "speaker", name: string, node: string, metricsPort = 0): Promise<void> {
    const { template } = this.#workload(of)["spec"];
    await this.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: NAMESPACE, labels: template.metadata.labels },
      spec: {
        nodeName: node,
        serviceAccountName: template.spec.serviceAccountName,
        containers: [{ name: of, image: "metallb", args: [`--port=${metricsPort}`] }],
      },
      status: { podIP: "127.0.0.1", conditions: [{ type: "Ready", status: "True" }] },
    });
  }

  /** A kubeconfig for a service account, as its token would be mounted; returns its path. */
  kubeconfigOf(account: string): string {
    const { username, groups } = serviceAccountUser(NAMESPACE, account);
    return this.#kubeconfig(account, this.server.addUser(username, groups));
  }

  #kubeconfig(name: string, token: string): string {
    return this.file(name, kubeconfig({ server: this.server.url, ca: this.server.caCertificate, token }));
  }

  #workload(of: "controller" | "speaker"): Manifest {
    return manifestOf(this.manifests, of === "controller" ? "Deployment" : "DaemonSet", `metallb-${of}`);
  }

  /** A variable that the workload's container is given; "" when it isn't. */
  #env(of: "controller" | "speaker", name: string): string {
    const { containers } = this.#workload(of)["spec"].template.spec;
    const env = containers[0].env as readonly { readonly name: string; readonly value?: string }[];
    return env.find((each) => each.name === name)?.value ?? "";
  }

  async controller(pod: string): Promise<LabController> {
    await this.pod("controller", pod, "a");
    const { containers, serviceAccountName } = this.#workload("controller")["spec"].template.spec;
    const { args } = containers[0] as { args: string[] };
    const [metricsPort, healthPort, webhookPort] = [await freePort(), await freePort(), await freePort()];
    const process = new MetallbProcess(
      "controller",
      ...args.filter((arg) => !/^--(port|health-probe-port)=/.test(arg)),
      `--port=${metricsPort}`,
      `--health-probe-port=${healthPort}`,
      `--webhook-port=${webhookPort}`,
      `--kubeconfig=${this.kubeconfigOf(serviceAccountName)}`,
      `--namespace=${NAMESPACE}`,
      `--pod-name=${pod}`,
      `--ml-secret-name=${this.#env("controller", "METALLB_ML_SECRET_NAME")}`,
      `--deployment=${this.#env("controller", "METALLB_DEPLOYMENT")}`,
    );
    this.#closers.push(() => process.stop());
    this.server.routeService(`${NAMESPACE}/metallb-webhook-service`, `https://127.0.0.1:${webhookPort}`);
    await process.untilReady(healthPort);
    return { process, metricsPort };
  }

  /** Its Pod is there after this, too. */
  async speaker(node: string, pod: string): Promise<LabSpeaker> {
    const { serviceAccountName } = this.#workload("speaker")["spec"].template.spec;
    const endpoint = await loadEndpoint({ kubeconfig: this.kubeconfigOf(serviceAccountName), env: {} });
    const client = createKubeClient(endpoint);
    const common = { clock: systemClock, random: systemRandom, log: this.log };
    const metrics = createMetrics("speaker");
    const worker = new FakeWorker();
    const events = createEventRecorder(client, { ...common, component: "metallb-speaker", host: node });
    const links = (): readonly [] => [];
    const sessions = new NodeSessions(
      { listen: undefined, defaultRouterId: 1 },
      { ...common, metrics, streams: tcpStreams, links },
    );
    const labels = this.#env("speaker", "METALLB_ML_LABELS");
    const speakerPods = labels === "" ? undefined : { labels, port: 7946 };
    const speaker = new Speaker(
      { node, namespace: NAMESPACE, podName: pod, loadBalancerClass: "", ignoreExcludeLabel: false, speakerPods },
      { ...common, client, worker, sessions, events, metrics, watcher: createKubeWatcher(endpoint, common) },
    );
    const document = stateDocument(speaker);
    const options = { host: "127.0.0.1", port: 0, policy: DEFAULT_TLS_POLICY, metrics, log: this.log };
    const server = await serveMetrics({ ...options, client, documents: [document] });
    await this.pod("speaker", pod, node, server.port);
    speaker.start();
    if (speakerPods !== undefined) {
      worker.emit({ on: "standing", standing: { kind: "sure" } });
      worker.emit({ on: "members", nodes: ["a", "b"] });
    }
    let stopped: Promise<void> | undefined;
    const stop = (): Promise<void> =>
      (stopped ??= Promise.all([speaker.stop(), events.close(), server.close()]).then(() => undefined));
    this.#closers.push(stop);
    return { metricsPort: server.port, stop };
  }

  /** Writes a file and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** `metallb ARGS` as a user. */
  inspectAs(user: string, ...args: readonly string[]): Promise<Called> {
    return runInspect(args, { env: { KUBECONFIG: this.#kubeconfig(user, this.server.addUser(user)) } });
  }
}

/** The path of all objects of a kind, in the object's namespace if it has one. */
export function collectionOf({ apiVersion, kind, metadata: { namespace } }: NewObject): string {
  const plural = `${kind.toLowerCase().replace(/y$/, "ie")}s`;
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
}
