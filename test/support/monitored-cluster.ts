import { type Manifest, manifestOf, renderChart } from "./helm.ts";
import { endpointTargets, podTargets, type TargetGroup } from "./kubernetes-discovery.ts";
import { freePort, MetallbProcess } from "./metallb-process.ts";
import { type ScrapeConfig, scrapeConfigsOf } from "./prometheus-operator.ts";
import type { RuleGroups } from "./promtool.ts";
import { NAMESPACE, RbacLab } from "./rbac-lab.ts";

const MONITORING = "monitoring";
const COMPONENTS = ["controller", "speaker"] as const;

type Component = (typeof COMPONENTS)[number];

/** Accounts of two Prometheus servers: one finds Pods by PodMonitors, the other endpoints by ServiceMonitors. */
const ACCOUNTS = { podMonitor: "finds-pods", serviceMonitor: "finds-endpoints" } as const;

type Way = keyof typeof ACCOUNTS;

interface PodTemplate {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: { readonly serviceAccountName: string };
}

/**
 * An API server that enforces roles, what the chart installs for Prometheus, and a real controller and speaker with the
 * rights of their accounts. They share one address, so each has a metrics port of its own, and a rendering of the chart for it.
 */
export class MonitoredCluster {
  readonly #lab: RbacLab;
  readonly #ports: Readonly<Record<Component, number>>;
  readonly #renderings = new Map<string, readonly Manifest[]>();
  readonly #processes = new Map<Component, MetallbProcess>();

  private constructor(lab: RbacLab, ports: Readonly<Record<Component, number>>) {
    this.#lab = lab;
    this.#ports = ports;
    this.#renderings.set("podMonitor controller", lab.manifests);
  }

  /** Everything but the processes is there; their Pods are already said to run. */
  static async install(): Promise<MonitoredCluster> {
    const ports = { controller: await freePort(), speaker: await freePort() };
    const lab = await RbacLab.start(valuesFor("podMonitor", ports.controller));
    const cluster = new MonitoredCluster(lab, ports);
    await cluster.#install();
    return cluster;
  }

  /** Starts controller and speaker; resolves when they are ready. */
  async run(): Promise<void> {
    await Promise.all(COMPONENTS.map((of) => this.#run(of)));
  }

  async close(): Promise<void> {
    await Promise.all(COMPONENTS.map((of) => this.stop(of)));
    await this.#lab.close();
  }

  /** Ends a process in order; its Pod stays. */
  async stop(of: Component): Promise<void> {
    await this.#processes.get(of)?.stop();
  }

  /** Creates an object as the admin does, with its status when it has one. */
  create(object: Manifest): Promise<void> {
    return this.#lab.create(object);
  }

  /** Deletes the object of this kind and name. */
  delete(object: Manifest): Promise<void> {
    return this.#lab.delete(object);
  }

  /** A bearer token of a service account. */
  async tokenOf(account: string, namespace = NAMESPACE): Promise<string> {
    const answer = await this.#lab.api.post(`/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, {});
    if (answer.code !== 201) throw new Error(answer.text);
    return answer.json.status.token as string;
  }

  metricsUrl(of: Component): string {
    return `https://127.0.0.1:${this.#ports[of]}/metrics`;
  }

  /** The chart's alerts, for what its PodMonitors collect. */
  get rules(): RuleGroups {
    return manifestOf(this.#manifests("podMonitor", "controller"), "PrometheusRule", "metallb")["spec"] as RuleGroups;
  }

  /** What the operator would tell Prometheus, of the chart's monitors of both kinds. */
  async scrapeConfigs(): Promise<readonly ScrapeConfig[]> {
    const token = await this.tokenOf("metallb-metrics-reader");
    const secret = (name: string, key: string): string => {
      if (`${name}/${key}` !== "metallb-metrics-token/token") throw new Error(`there is no ${name} with ${key}`);
      return token;
    };
    const discovered = { pod: await this.#discoverPods(), endpoints: await this.#discoverEndpoints() };
    return (Object.keys(ACCOUNTS) as Way[]).flatMap((way) =>
      COMPONENTS.flatMap((of) => {
        const kind = way === "podMonitor" ? "PodMonitor" : "ServiceMonitor";
        const name = way === "podMonitor" ? `metallb-${of}` : `metallb-${of}-monitor`;
        return scrapeConfigsOf(manifestOf(this.#manifests(way, of), kind, name), { secret, discovered });
      }),
    );
  }

  async #discoverPods(): Promise<readonly TargetGroup[]> {
    const list = await this.#listerAs(ACCOUNTS.podMonitor);
    return podTargets(await list("pods"));
  }

  async #discoverEndpoints(): Promise<readonly TargetGroup[]> {
    const list = await this.#listerAs(ACCOUNTS.serviceMonitor);
    const [services, pods] = [await list("services"), await list("pods")];
    return endpointTargets({ services, pods, endpoints: await list("endpoints") });
  }

  /** Lists what one of the Prometheus servers may see. */
  async #listerAs(account: string): Promise<(plural: string) => Promise<readonly Manifest[]>> {
    const token = await this.tokenOf(account, MONITORING);
    return async (plural) => {
      const answer = await this.#lab.api.get(`/api/v1/namespaces/${NAMESPACE}/${plural}`, { token });
      if (answer.code !== 200) throw new Error(answer.text);
      return answer.json.items as readonly Manifest[];
    };
  }

  #manifests(way: Way, of: Component): readonly Manifest[] {
    const key = `${way} ${of}`;
    const known = this.#renderings.get(key);
    if (known !== undefined) return known;
    const rendered = renderChart({ values: valuesFor(way, this.#ports[of]) });
    this.#renderings.set(key, rendered);
    return rendered;
  }

  async #install(): Promise<void> {
    await this.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: MONITORING } });
    // The node takes part in nothing, for it is this machine.
    const labels = { "node.kubernetes.io/exclude-from-external-load-balancers": "" };
    await this.create({ apiVersion: "v1", kind: "Node", metadata: { name: "node-1", labels } });
    for (const name of Object.values(ACCOUNTS))
      await this.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: MONITORING } });
    const ofServices = this.#manifests("serviceMonitor", "controller");
    const renamed = { name: "metallb-prometheus-of-services", namespace: NAMESPACE };
    for (const kind of ["Role", "RoleBinding"]) {
      const { roleRef, ...manifest } = manifestOf(ofServices, kind, "metallb-prometheus");
      const reference = roleRef === undefined ? {} : { roleRef: { ...roleRef, name: renamed.name } };
      await this.create({ ...manifest, ...reference, metadata: renamed });
    }
    for (const of of COMPONENTS) {
      await this.create(this.#pod(of));
      const service = `metallb-${of}-monitor-service`;
      await this.create(manifestOf(this.#manifests("serviceMonitor", of), "Service", service));
    }
  }

  /** The Pod of a component, as its workload would make it. */
  #pod(of: Component): Manifest {
    const { metadata, spec } = this.#template(of);
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `metallb-${of}-1`, namespace: NAMESPACE, labels: metadata.labels },
      spec: { ...spec, nodeName: "node-1" },
      status: { phase: "Running", podIP: "127.0.0.1", conditions: [{ type: "Ready", status: "True" }] },
    };
  }

  #template(of: Component): PodTemplate {
    const kind = of === "controller" ? "Deployment" : "DaemonSet";
    return manifestOf(this.#manifests("podMonitor", of), kind, `metallb-${of}`)["spec"].template as PodTemplate;
  }

  async #run(of: Component): Promise<void> {
    const healthPort = await freePort();
    const process = new MetallbProcess(
      of,
      `--kubeconfig=${this.#lab.kubeconfigOf(this.#template(of).spec.serviceAccountName)}`,
      `--namespace=${NAMESPACE}`,
      `--port=${this.#ports[of]}`,
      `--health-probe-port=${healthPort}`,
      ...(of === "controller" ? ["--webhook-mode=disabled"] : ["--node-name=node-1", "--bgp-listen-port=0"]),
    );
    this.#processes.set(of, process);
    await process.untilReady(healthPort);
  }
}

function valuesFor(way: Way, metricsPort: number): object {
  // Without a label the Service gives the job its name, so that the alerts are about the other way's series only.
  const more = way === "serviceMonitor" ? { jobLabel: "" } : {};
  return {
    controller: { webhookMode: "disabled" },
    prometheus: {
      metricsPort,
      serviceAccount: ACCOUNTS[way],
      namespace: MONITORING,
      [way]: { enabled: true, interval: 1, ...more },
      prometheusRule: { enabled: true },
    },
  };
}
