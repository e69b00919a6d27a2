import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KINDS } from "../../src/config/kinds.ts";
import { startController } from "../../src/controller/run.ts";
import { createKubeClient } from "../../src/k8s/client.ts";
import { loadEndpoint } from "../../src/k8s/endpoint.ts";
import { createEventRecorder } from "../../src/k8s/event-recorder.ts";
import { createKubeWatcher } from "../../src/k8s/reflector.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { systemRandom } from "../../src/platform/system-random.ts";
import type { KubeClient, KubeObject } from "../../src/ports/kube.ts";
import { type ApiServerLab, startApiServerLab } from "./api-server-lab.ts";
import { poolObject, serviceObject, type SnapshotService } from "./cluster-snapshot.ts";
import { type Layer2Spec, layer2Objects } from "./layer2-view.ts";
import { RecordingMetrics } from "./recording-metrics.ts";
import { type Called, runInspect, spawnMetallb } from "./run-inspect.ts";
import { silentLog } from "./silent-log.ts";

const NAMESPACE = "metallb-system";

/** An embedded API server, and the command line that is asked about it. */
export class InspectLab {
  readonly #api: ApiServerLab;
  readonly #folder: string;
  #services = 0;
  #stop: () => Promise<void> = () => Promise.resolve();

  constructor(api: ApiServerLab) {
    this.#api = api;
    this.#folder = mkdtempSync(join(tmpdir(), "metallb-inspect-"));
    writeFileSync(join(this.#folder, "kubeconfig"), api.server.kubeconfig());
  }

  get #env() {
    return { KUBECONFIG: join(this.#folder, "kubeconfig") };
  }

  get server(): ApiServerLab["server"] {
    return this.#api.server;
  }

  /** Requests that could have changed something. */
  get writes(): number {
    return Object.entries(this.server.requestCounts)
      .filter(([key]) => !/^(?:get|list|watch) /.test(key))
      .reduce((sum, [, count]) => sum + count, 0);
  }

  async close(): Promise<void> {
    await this.#stop();
    await this.#api.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** `metallb ARGS` in this process, with a kubeconfig for this server. */
  run(...args: readonly string[]): Promise<Called> {
    return runInspect(args, { env: this.#env });
  }

  /** The same on a terminal. */
  runOn(screen: { readonly columns: number }, ...args: readonly string[]): Promise<Called> {
    return runInspect(args, { env: this.#env, screen: { isTTY: true, ...screen } });
  }

  /** The same as a process of its own. */
  spawn(...args: readonly string[]): Promise<Called> {
    return spawnMetallb(args, { env: this.#env });
  }

  /** The report that a command prints as JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look anywhere into reports
  async json(...args: readonly string[]): Promise<any> {
    const { out, err } = await this.run(...args, "-o", "json");
    if (out === "") throw new Error(err);
    return JSON.parse(out);
  }

  /** Writes a file and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, text);
    return path;
  }

  async pool(name: string, spec: readonly string[] | object): Promise<void> {
    await this.#create(KINDS.IPAddressPool.group, "ipaddresspools", NAMESPACE, poolObject(name, spec));
  }

  async service(service: SnapshotService): Promise<void> {
    const object = serviceObject(service, this.#services++);
    const { clusterIP: _, clusterIPs: __, ...spec } = object["spec"] as Record<string, unknown>;
    await this.#create("", "services", object.metadata.namespace!, { ...object, spec });
  }

  /** Lets the status of a Service in `default` show these addresses. */
  async show(name: string, addresses: readonly string[]): Promise<void> {
    const ingress = addresses.map((ip) => ({ ip }));
    await this.#patchStatus(`/api/v1/namespaces/default/services/${name}`, { loadBalancer: { ingress } });
  }

  /** A client with the admin's credentials. */
  async client(): Promise<KubeClient> {
    return createKubeClient(await loadEndpoint({ kubeconfig: this.#env.KUBECONFIG, env: {} }));
  }

  /** Where the Pod of a node's speaker is, and the service account it has. */
  async placeSpeaker(node: string, port: number): Promise<void> {
    const account = { metadata: { name: "speaker" } };
    await this.#api.api.post(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, account);
    const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
    const container = { name: "speaker", image: "metallb", args: [`--port=${port}`] };
    const labels = { component: "speaker" };
    const metadata = { name: `speaker-${node}`, namespace: NAMESPACE, labels };
    const spec = { nodeName: node, serviceAccountName: "speaker", containers: [container] };
    const status = { podIP: "127.0.0.1", conditions: [{ type: "Ready", status: "True" }] };
    await this.#postWithStatus(pods, { apiVersion: "v1", kind: "Pod", metadata, spec, status });
  }

  /** Nodes, L2Advertisements, endpoints, speakers' Pods and what the speakers say. */
  async layer2(spec: Layer2Spec): Promise<void> {
    const { nodes, l2advertisements, endpointslices, servicel2statuses, pods } = layer2Objects(spec);
    const ours = `/apis/metallb.io/v1beta1/namespaces/${NAMESPACE}`;
    for (const node of nodes) await this.#postWithStatus("/api/v1/nodes", node);
    for (const object of l2advertisements) await this.#post(`${ours}/l2advertisements`, object);
    for (const slice of endpointslices)
      await this.#post(`/apis/discovery.k8s.io/v1/namespaces/${slice.metadata.namespace!}/endpointslices`, slice);
    for (const status of servicel2statuses) await this.#postWithStatus(`${ours}/servicel2statuses`, status);
    for (const pod of pods) await this.#postWithStatus(`/api/v1/namespaces/${NAMESPACE}/pods`, pod);
  }

  /** Starts a controller on this server, which leads. */
  async controller(): Promise<void> {
    const endpoint = await loadEndpoint({ kubeconfig: join(this.#folder, "kubeconfig"), env: {} });
    const client: KubeClient = createKubeClient(endpoint);
    const timing = { clock: systemClock, random: systemRandom, log: silentLog };
    const events = createEventRecorder(client, { component: "metallb-controller", host: "test", ...timing });
    const watcher = createKubeWatcher(endpoint, timing);
    const options = { namespace: NAMESPACE, loadBalancerClass: "", podName: undefined, memberlistSecret: undefined };
    const controller = startController(
      { ...timing, watcher, client, events, metrics: new RecordingMetrics() },
      options,
    );
    this.#stop = () => controller.stop();
    controller.lead("orderly");
  }

  async #create(group: string, plural: string, namespace: string, object: object): Promise<void> {
    const root = group === "" ? "/api/v1" : `/apis/${group}/v1beta1`;
    await this.#post(`${root}/namespaces/${namespace}/${plural}`, object);
  }

  async #post(collection: string, object: object): Promise<void> {
    const answer = await this.#api.api.post(collection, object);
    if (answer.code !== 201) throw new Error(answer.text);
  }

  /** Creates an object, and writes its status. */
  async #postWithStatus(collection: string, object: KubeObject): Promise<void> {
    await this.#post(collection, object);
    await this.#patchStatus(`${collection}/${object.metadata.name}`, object["status"] as object);
  }

  async #patchStatus(path: string, status: object): Promise<void> {
    const answer = await this.#api.api.patch(`${path}/status`, "merge", { status });
    if (answer.code !== 200) throw new Error(answer.text);
  }
}

export async function startInspectLab(): Promise<InspectLab> {
  return new InspectLab(await startApiServerLab());
}
