import { randomInt, randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer } from "node:https";
import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Log } from "../../ports/log.ts";
import { Users } from "./auth.ts";
import { ALWAYS_ALLOW, RbacAuthorizer } from "./authorization/authorizer.ts";
import { defaultPolicy } from "./authorization/default-policy.ts";
import { type AccessObserver, Gate } from "./authorization/gate.ts";
import { bootstrapObjects, installObjects } from "./bootstrap.ts";
import type { Certificates } from "./certificates.ts";
import { generateCertificates } from "./certificates.ts";
import { DefinitionController } from "./controllers/definitions.ts";
import { EndpointsController } from "./controllers/endpoints.ts";
import { GarbageCollector } from "./controllers/garbage-collector.ts";
import { NamespaceController } from "./controllers/namespace.ts";
import { RoleAggregationController } from "./controllers/role-aggregation.ts";
import { DefaultAccounts } from "./controllers/workloads/default-accounts.ts";
import { PodCollector } from "./controllers/workloads/pod-collector.ts";
import { Scheduler } from "./controllers/workloads/scheduler.ts";
import { WorkloadController } from "./controllers/workloads/workload-controller.ts";
import { builtinDefinitions } from "./definitions.ts";
import { Documents } from "./http/documents.ts";
import { handleRequest } from "./http/handler.ts";
import { ResourceHandler } from "./http/resource-request.ts";
import { loadIdentity } from "./identity.ts";
import { DiskJournal } from "./journal.ts";
import type { Kernel } from "./kernel.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { Registry } from "./registry.ts";
import { Watches } from "./rest/watch.ts";
import { Storage } from "./storage.ts";
import { SubresourceHandlers } from "./subresources/handlers.ts";
import type { DialPod } from "./subresources/pod-proxy.ts";
import { TestHooks } from "./testing.ts";
import { WebhookClient } from "./webhooks/client.ts";
import { serviceDialer } from "./webhooks/service-dialer.ts";

export interface ApiServerOptions {
  /** Address to listen on; loopback unless told otherwise. */
  readonly host?: string;
  /** 0, the default, is any free port. */
  readonly port?: number;
  /** Listens on this unix socket, too, with the same TLS. */
  readonly socketPath?: string;
  /** More names of the server's certificate: DNS names or IP addresses. */
  readonly extraNames?: readonly string[];
  /** Keeps objects, certificates and the admin's token here across restarts. Without it all is in memory. */
  readonly dataDir?: string;
  /** CustomResourceDefinitions that are served from the start. */
  readonly crds?: readonly object[];
  /** Pod logs are read from `<logDir>/<namespace>/<pod>.log`. */
  readonly logDir?: string;
  /** Connects to a Pod for those who ask through this server; by the machine's own network unless told otherwise. */
  readonly dialPod?: DialPod;
  /** Wall-clock time in milliseconds since 1970; for tests. */
  readonly wallTime?: () => number;
  readonly log?: Log;
  /** Where the Services of webhooks are: `namespace/name` → `https://host:port`. See `routeService`. */
  readonly services?: Readonly<Record<string, string>>;
  /** What users may do: everything, unless told otherwise; or what roles and their bindings say. */
  readonly authorizationMode?: AuthorizationMode;
  /** Is told of every decision about who may do what; for tests. */
  readonly onAccess?: AccessObserver;
  /**
   * Kubelets run Pods: Deployments, ReplicaSets and DaemonSets then get some, Pods are bound to Nodes, and a deleted Pod
   * stays until its kubelet has ended it.
   */
  readonly kubelets?: boolean;
}

/** As kube-apiserver's `--authorization-mode`. */
export type AuthorizationMode = "AlwaysAllow" | "RBAC";

export interface ApiServer {
  readonly port: number;
  /** `https://host:port` */
  readonly url: string;
  /** PEM of the authority that clients must trust. */
  readonly caCertificate: string;
  readonly adminToken: string;
  /** Text of a kubeconfig file for the admin; `server` is another URL by which clients reach this server. */
  kubeconfig(server?: string): string;
  /** Adds a user and returns its bearer token. */
  addUser(name: string, groups?: readonly string[]): string;
  /** Says where a Service that webhooks are called by is from now on: `namespace/name`, `https://host:port`. */
  routeService(service: string, url: string): void;
  readonly testing: TestHooks;
  /** Requests so far, by `verb resource`: `list services`. */
  readonly requestCounts: Readonly<Record<string, number>>;
  close(): Promise<void>;
}

const SILENT: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => SILENT,
};

/** Real API servers generate names from these: no vowels, nothing that looks alike. */
const NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
/** Clients keep connections open between commands; Node's default would close them after 5 s. */
const KEEP_ALIVE_MS = 180_000;

function suffix(length: number): string {
  return Array.from({ length }, () => NAME_ALPHABET[randomInt(NAME_ALPHABET.length)]).join("");
}

function buildKernel(options: ApiServerOptions, routes: ReadonlyMap<string, string>): Kernel {
  const storage = new Storage();
  const { dialPod } = options;
  return {
    webhooks: new WebhookClient(routes, dialPod === undefined ? undefined : serviceDialer(storage, dialPod)),
    storage,
    registry: new Registry(),
    log: options.log ?? SILENT,
    kubelets: options.kubelets ?? false,
    wallTime: options.wallTime ?? (() => Date.now()),
    uid: () => randomUUID(),
    suffix,
  };
}

function listen(
  server: Server,
  where: { readonly host: string; readonly port: number } | { readonly path: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

type RequestListener = Parameters<typeof createServer>[1];

function tlsServer({ certificate, key }: Certificates, listener: RequestListener): Server {
  const server = createServer({ cert: certificate, key, ALPNProtocols: ["http/1.1"] }, listener);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

/**
 * Starts an API server for development and tests: one process, HTTPS, everything in memory unless `dataDir` is given.
 * It does what `docs/adr/0007-embedded-api-server.md` lists and is not meant for production.
 */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const routes = new Map(Object.entries(options.services ?? {}));
  const kernel = buildKernel(options, routes);
  const journal = options.dataDir === undefined ? undefined : new DiskJournal(options.dataDir);
  if (journal !== undefined) kernel.storage.restore(journal.kept.objects, journal.kept.revision, journal);
  const { host = "127.0.0.1", port = 0, extraNames = [], socketPath } = options;
  const names = [host, ...extraNames].filter((name) => name !== "0.0.0.0" && name !== "::");
  const identity = await loadIdentity(options.dataDir, names, () => generateCertificates(names, kernel.wallTime()));
  const users = new Users(identity.adminToken);
  const watches = new Watches(kernel);
  const testing = new TestHooks(kernel.storage, watches);
  for (const definition of builtinDefinitions(kernel)) kernel.registry.add(definition);
  const listener = requestListener(kernel, { users, watches, testing }, options);
  const server = tlsServer(identity.certificates, listener);
  await listen(server, { host, port });
  const servers = [server];
  if (socketPath !== undefined) {
    rmSync(socketPath, { force: true });
    const local = tlsServer(identity.certificates, listener);
    await listen(local, { path: socketPath });
    servers.push(local);
  }
  const bound = (server.address() as AddressInfo).port;
  startControllers(kernel, bound, options);
  const url = `https://${host.includes(":") ? `[${host}]` : host}:${bound}`;
  return {
    port: bound,
    url,
    caCertificate: identity.certificates.ca,
    adminToken: users.adminToken,
    kubeconfig: (address = url) =>
      kubeconfig({ server: address, ca: identity.certificates.ca, token: users.adminToken }),
    addUser: (name, groups = []) => users.add({ username: name, groups }),
    routeService: (service, url) => void routes.set(service, url),
    testing,
    get requestCounts() {
      return testing.counts;
    },
    close: async () => {
      watches.closeAll();
      await Promise.all(servers.map(closed));
      journal?.close();
    },
  };
}

interface Served {
  readonly users: Users;
  readonly watches: Watches;
  readonly testing: TestHooks;
}

function requestListener(kernel: Kernel, served: Served, options: ApiServerOptions): RequestListener {
  const { users, watches, testing } = served;
  const authorizer = options.authorizationMode === "RBAC" ? new RbacAuthorizer(kernel.storage) : ALWAYS_ALLOW;
  const gate = new Gate(authorizer, options.onAccess);
  const subresources = new SubresourceHandlers(kernel, { users, gate }, options);
  const handler = new ResourceHandler(kernel, gate, watches, subresources);
  const parts = {
    kernel,
    users,
    gate,
    documents: new Documents(kernel.registry),
    interceptor: testing,
    handleResource: handler.handle.bind(handler),
  };
  return (request, response) => void handleRequest(parts, request, response);
}

/** Controllers live as long as the storage that they listen to. */
const CONTROLLERS = [
  DefinitionController,
  NamespaceController,
  GarbageCollector,
  EndpointsController,
  RoleAggregationController,
];

/** What makes, places and removes Pods. */
const POD_CONTROLLERS = [DefaultAccounts, WorkloadController, Scheduler, PodCollector];

function startControllers(kernel: Kernel, port: number, { crds = [], authorizationMode }: ApiServerOptions): void {
  for (const Controller of CONTROLLERS) new Controller(kernel).start();
  if (kernel.kubelets) for (const Controller of POD_CONTROLLERS) new Controller(kernel).start();
  bootstrapObjects(kernel, port);
  installObjects(kernel, crds);
  if (authorizationMode === "RBAC") installObjects(kernel, defaultPolicy());
  kernel.storage.compact();
}
