import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { customResourceDefinitions } from "../../src/config/crds.ts";
import { SERVICE_LABEL } from "../../src/config/endpoint-slice.ts";
import { KINDS } from "../../src/config/kinds.ts";
import { POOL_ANNOTATION } from "../../src/config/service.ts";
import { kubeconfig } from "../../src/dev/api-server/kubeconfig.ts";
import { type ApiServer, startApiServer } from "../../src/dev/api-server/server.ts";
import { Cluster } from "../../src/dev/lab/cluster.ts";
import {
  type ClusterObject,
  METALLB_NAMESPACE,
  namespaceObject,
  nodeObject,
} from "../../src/dev/lab/cluster-objects.ts";
import { childOf, type Holder, openHolder } from "../../src/dev/lab/holder.ts";
import type { Printed } from "../../src/dev/lab/lab.ts";
import type { LabFolder } from "../../src/dev/lab/lab-folder.ts";
import { createLabFolder } from "../../src/dev/lab/open-lab.ts";
import { CLIENT, type LabNode, NODES, SWITCH, topologyScript } from "../../src/dev/lab/topology.ts";
import { START, until } from "../../src/dev/lab/wait.ts";
import { createKubeClient } from "../../src/k8s/client.ts";
import { loadEndpoint } from "../../src/k8s/endpoint.ts";
import { DIST } from "./lab.ts";
import { NODE } from "./netns.ts";
import { OurSpeaker } from "./our-speaker.ts";
import { ReferenceSpeaker } from "./reference-speaker.ts";

const run = promisify(execFile);

/** What the reference's chart and ours write into the environment of speakers. */
const SPEAKER_LABELS = "app.kubernetes.io/name=metallb,app.kubernetes.io/component=speaker";

/** As the reference's controller makes it: 16 random bytes in base64 without padding. */
const SECRET_KEY = "dGhpc2lzMTZieXRlc2xvbg";

function speakerPodName({ name }: LabNode): string {
  return `speaker-${name}`;
}

/** A Service with one address of each family. */
export interface TestService {
  readonly name: string;
  readonly addresses: readonly [string, string];
}

/**
 * Three nodes, a switch, a client and an API server; on each node a speaker may run, the reference's stand-in or ours. The
 * Services were given their addresses before by the reference's controller. Nodes have the addresses on `lo`, as kube-proxy
 * in IPVS mode does it, and answer pings on their own.
 */
export class MigrationLab {
  readonly #folder: LabFolder;
  readonly #holder: Holder;
  readonly #apiServer: ApiServer;
  readonly #services: readonly TestService[];
  readonly #responder: string;
  readonly #secretFolder: string;

  /** `responder` is the compiled `reference-responder.c`. */
  static async open(services: readonly TestService[], responder: string): Promise<MigrationLab> {
    const folder = createLabFolder();
    const holder = await openHolder(folder.path);
    holder.script([...topologyScript(), ...NODES.flatMap(({ name }) => loopbackAddresses(name, services))]);
    const apiServer = await startApiServer({
      socketPath: folder.apiSocket,
      extraNames: [SWITCH.ipv4],
      crds: customResourceDefinitions(),
    });
    const lab = new MigrationLab({ folder, holder, apiServer, services, responder });
    await lab.#begin();
    return lab;
  }

  private constructor(parts: {
    readonly folder: LabFolder;
    readonly holder: Holder;
    readonly apiServer: ApiServer;
    readonly services: readonly TestService[];
    readonly responder: string;
  }) {
    this.#folder = parts.folder;
    this.#holder = parts.holder;
    this.#apiServer = parts.apiServer;
    this.#services = parts.services;
    this.#responder = parts.responder;
    this.#secretFolder = join(parts.folder.path, "memberlist");
  }

  /** Runs a command in a network namespace to its end; a command that fails is an answer, too. */
  async run(namespace: string, command: readonly string[]): Promise<Printed> {
    const [file, ...args] = this.#holder.enter(namespace, command);
    try {
      return { code: 0, ...(await run(file!, args)) };
    } catch (error) {
      const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
      return { code: 1, stdout, stderr };
    }
  }

  /** Starts a command in a network namespace; it ends with the lab. */
  spawn(namespace: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const [file, ...args] = this.#holder.enter(namespace, command);
    return spawn(file!, args, { stdio: ["pipe", "pipe", "inherit"], env: { PATH: process.env["PATH"], ...env } });
  }

  /** Tells a spawned program, which runs below the one that entered the namespace. */
  signal(child: ChildProcess, signal: NodeJS.Signals): void {
    const program = childOf(child.pid!);
    if (child.exitCode === null && program !== undefined) process.kill(program, signal);
  }

  startReference(node: LabNode): ReferenceSpeaker {
    const join = NODES.filter((other) => other !== node).map(({ ipv4 }) => ipv4);
    const options = { node, join, secretKey: SECRET_KEY, services: this.#services, responder: this.#responder };
    return new ReferenceSpeaker(this, options);
  }

  startOurs(node: LabNode): OurSpeaker {
    const program = [NODE, resolve(import.meta.dirname, "speaker-among-serfs.ts")];
    const env = {
      KUBECONFIG: join(this.#folder.path, "kubeconfig-speaker"),
      METALLB_NAMESPACE,
      METALLB_NODE_NAME: node.name,
      METALLB_POD_NAME: speakerPodName(node),
      METALLB_ML_BIND_ADDR: node.ipv4,
      METALLB_ML_LABELS: SPEAKER_LABELS,
      METALLB_ML_SECRET_KEY_PATH: this.#secretFolder,
    };
    return new OurSpeaker(this, this.spawn(node.name, program, env));
  }

  async close(): Promise<void> {
    await this.#apiServer.close();
    await this.#holder.close();
  }

  async #begin(): Promise<void> {
    mkdirSync(this.#secretFolder, { mode: 0o700 });
    writeFileSync(join(this.#secretFolder, "secretkey"), SECRET_KEY, { mode: 0o600 });
    const { caCertificate: ca } = this.#apiServer;
    const inside = `https://${SWITCH.ipv4}:${SWITCH.apiPort}`;
    const token = this.#apiServer.addUser(`system:serviceaccount:${METALLB_NAMESPACE}:metallb-speaker`);
    writeFileSync(join(this.#folder.path, "kubeconfig-speaker"), kubeconfig({ server: inside, ca, token }), {
      mode: 0o600,
    });
    const address = [`--host=${SWITCH.ipv4}`, `--port=${SWITCH.apiPort}`];
    const relay = [join(DIST, "metallb-dev.mjs"), "lab-relay", ...address, `--socket=${this.#folder.apiSocket}`];
    this.spawn(SWITCH.name, [NODE, ...relay]);
    await this.#createObjects();
    await until("the API server inside the lab", START, async () => {
      const { stdout } = await this.run(CLIENT.name, ["curl", "-sk", `${inside}/readyz`]);
      return stdout === "ok" || undefined;
    });
  }

  async #createObjects(): Promise<void> {
    writeFileSync(this.#folder.kubeconfig, this.#apiServer.kubeconfig(), { mode: 0o600 });
    const endpoint = await loadEndpoint({ kubeconfig: this.#folder.kubeconfig, env: {} });
    const cluster = new Cluster(createKubeClient(endpoint));
    const now = new Date().toISOString();
    const objects = [
      namespaceObject(METALLB_NAMESPACE),
      ...NODES.map((node) => nodeObject(node, now)),
      ...NODES.map(speakerPod),
      ...this.#services.flatMap(serviceObjects),
    ];
    for (const object of objects) await cluster.create(object);
    await cluster.createAll(CONFIGURATION);
  }
}

const CONFIGURATION = `apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: { name: pool, namespace: ${METALLB_NAMESPACE} }
spec: { addresses: [192.168.1.200-192.168.1.250, "fd00:192:168:1::200-fd00:192:168:1::2ff"] }
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: { name: pool, namespace: ${METALLB_NAMESPACE} }
`;

function loopbackAddresses(node: string, services: readonly TestService[]): string[] {
  return services.flatMap(({ addresses: [v4, v6] }) => [
    `ip -n ${node} addr add ${v4}/32 dev lo`,
    `ip -n ${node} addr add ${v6}/128 dev lo nodad`,
  ]);
}

/** Where speakers find each other: a Pod in the network of its node. */
function speakerPod(node: LabNode): ClusterObject {
  const labels = { "app.kubernetes.io/name": "metallb", "app.kubernetes.io/component": "speaker" };
  const containers = [{ name: "speaker", image: "stand-in" }];
  return {
    resource: KINDS.Pod,
    namespace: METALLB_NAMESPACE,
    body: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: speakerPodName(node), namespace: METALLB_NAMESPACE, labels },
      spec: { nodeName: node.name, hostNetwork: true, containers },
    },
    status: { phase: "Running", podIP: node.ipv4, podIPs: [{ ip: node.ipv4 }] },
  };
}

/** A Service with its addresses, as the reference's controller leaves it, and one endpoint. */
function serviceObjects({ name, addresses }: TestService): ClusterObject[] {
  const namespace = "default";
  const ingress = addresses.map((ip) => ({ ip }));
  return [
    {
      resource: KINDS.Service,
      namespace,
      body: {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace, annotations: { [POOL_ANNOTATION]: "pool" } },
        spec: { type: "LoadBalancer", ipFamilyPolicy: "RequireDualStack", ports: [{ port: 80 }] },
      },
      status: { loadBalancer: { ingress } },
    },
    {
      resource: KINDS.EndpointSlice,
      namespace,
      body: {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name: `${name}-1`, namespace, labels: { [SERVICE_LABEL]: name } },
        addressType: "IPv4",
        endpoints: [{ addresses: ["10.244.1.2"], conditions: { ready: true }, nodeName: NODES[0]!.name }],
        ports: [{ port: 8080 }],
      },
    },
  ];
}
