import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EnvironmentError } from "../../lib/errors.ts";
import { createKubeClient } from "../../k8s/client.ts";
import { loadEndpoint } from "../../k8s/endpoint.ts";
import { generateCertificates } from "../api-server/certificates.ts";
import { type ApiServer, startApiServer } from "../api-server/server.ts";
import { AccessBook } from "./access-book.ts";
import { Cluster } from "./cluster.ts";
import { nodeObject } from "./cluster-objects.ts";
import { dialThrough } from "./gateway.ts";
import { openHolder } from "./holder.ts";
import { Lab } from "./lab.ts";
import { LabFolder } from "./lab-folder.ts";
import { isInterruption, type Progress } from "./progress.ts";
import { installManifests, MANIFESTS } from "./install.ts";
import { systemClock } from "./system-ports.ts";
import { NODES, STATIONS, SWITCH, topologyScript } from "./topology.ts";
import { START } from "./wait.ts";

export interface LabOptions {
  /** The folder with the bundles: what runs in the lab is `metallb.mjs` from there. */
  readonly dist: string;
  readonly folder: LabFolder;
  readonly progress: Progress;
  /** Whether the plain manifests are installed; else the cluster is empty, without MetalLB's CRDs even. Default: true. */
  readonly install?: boolean;
}

/**
 * Opens a lab up to where controller and speakers are ready, or up to where somebody may install them. Throws a `StepError`,
 * and then leaves nothing behind but the logs.
 */
export async function openLab(options: LabOptions): Promise<Lab> {
  const { folder, progress } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const lab = await buildLab(options, closers, close);
    await startNodes(lab, progress);
    if (options.install !== false) await installManifests(lab, progress, options.dist);
    return lab;
  } catch (error) {
    if (!isInterruption(error)) folder.keepLogs();
    await close();
    throw error;
  }
}

async function buildLab(
  { dist, folder, progress }: LabOptions,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<Lab> {
  await progress.step(
    "the bundles are built",
    async () => requireBundles(dist),
    () => dist,
  );
  const holder = await progress.step("a place for network namespaces", () => openHolder(folder.path), describeHolder);
  closers.push(() => holder.close());
  await progress.step(
    "a switch, three nodes and a client",
    async () => holder.script(topologyScript()),
    () => [SWITCH, ...STATIONS].map(({ name }) => name).join(", "),
  );
  const access = new AccessBook();
  const apiServer = await progress.step(
    "an API server",
    () => startServer(folder, access),
    ({ url }) => `${url}, KUBECONFIG=${folder.kubeconfig}`,
  );
  closers.push(() => apiServer.close());
  const { certificate, key } = await generateCertificates(["webapp.example"], systemClock.wallTime());
  writeFileSync(folder.containerCertificate, JSON.stringify({ cert: certificate, key }), { mode: 0o600 });
  const cluster = new Cluster(createKubeClient(await loadEndpoint({ kubeconfig: folder.kubeconfig, env: {} })));
  const lab = new Lab({ folder, dist, holder, apiServer, access, cluster, close });
  progress.failWith(lab.trouble);
  return lab;
}

function describeHolder({ rootless }: { readonly rootless: boolean }): string {
  return rootless ? "in a user namespace, because you are not root" : "nothing of it is seen outside";
}

function requireBundles(dist: string): void {
  const missing = ["metallb.mjs", "metallb-dev.mjs", MANIFESTS].filter((name) => !existsSync(join(dist, name)));
  if (missing.length === 0) return;
  const message = `${missing.join(" and ")} not found in ${dist}: npm run build`;
  throw new EnvironmentError("no-bundle", message, { retryable: false });
}

async function startServer(folder: LabFolder, access: AccessBook): Promise<ApiServer> {
  const server = await startApiServer({
    socketPath: folder.apiSocket,
    extraNames: [SWITCH.ipv4, SWITCH.ipv6],
    kubelets: true,
    authorizationMode: "RBAC",
    onAccess: access.record,
    logDir: folder.podLogs,
    dialPod: dialThrough(folder.podSocket),
  });
  writeFileSync(folder.kubeconfig, server.kubeconfig(), { mode: 0o600 });
  return server;
}

async function startNodes(lab: Lab, progress: Progress): Promise<void> {
  lab.startRelay();
  await progress.step("the API server is reached from inside", () =>
    progress.until("an answer of the API server", START, () => lab.reachesApiServer()),
  );
  await progress.step(
    "three Nodes, each with a stand-in for kubelet and kube-proxy",
    async () => {
      const now = new Date().toISOString();
      for (const node of NODES) {
        await lab.cluster.create(nodeObject(node, now));
        lab.startNodeAgent(node);
      }
      for (const { name } of NODES) {
        const console = lab.folder.consoleOf(name);
        await progress.until(`${name} to be ready for Pods`, START, async () => existsSync(console) || undefined);
      }
    },
    () => NODES.map(({ name }) => name).join(", "),
  );
}

/** The longest path of a unix socket, with its final zero (unix(7)). */
const SOCKET_PATH = 108;

/** A new folder for a lab. /run is hidden inside, so it can't be there, and its socket's path must not be too long. */
export function createLabFolder(): LabFolder {
  const template = join(tmpdir(), "metallb-lab-");
  const usable =
    !/^(\/var)?\/run\//.test(template) && new LabFolder(`${template}XXXXXX`).apiSocket.length < SOCKET_PATH;
  return new LabFolder(mkdtempSync(usable ? template : "/tmp/metallb-lab-"));
}
