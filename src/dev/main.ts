import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { createKubeClient } from "../k8s/client.ts";
import { loadEndpoint } from "../k8s/endpoint.ts";
import { createKubeWatcher } from "../k8s/reflector.ts";
import { millis } from "../lib/duration.ts";
import { errorMessage } from "../lib/errors.ts";
import type { AuthorizationMode } from "./api-server/server.ts";
import { parseService, runApiServer } from "./api-server-command.ts";
import { demo } from "./lab/demo.ts";
import type { EchoCertificate } from "./lab/echo-server.ts";
import { startGateway } from "./lab/gateway.ts";
import { runNodeAgent } from "./lab/node-agent.ts";
import { startRelay } from "./lab/relay.ts";
import { runSteadyClient } from "./lab/steady-client.ts";
import { lineLog, systemClock } from "./lab/system-ports.ts";
import { NODES } from "./lab/topology.ts";
import { createFinishPod } from "./kubelet/finish-pod.ts";
import { LinuxRuntime } from "./kubelet/linux-runtime.ts";
import { PodNetworks } from "./lab/pod-network.ts";
import { loopback } from "./proxy/loopback.ts";

const DEMO_HELP = `
The data centre is made of network namespaces: a switch, three nodes, a client. The product's own manifests are
installed in it: a controller somewhere, a speaker on each node, with the roles, mounts and privileges that they have in
a cluster. What else a node has, kube-proxy, kubelet and the containers of applications, is a stand-in. Where FRR is installed and you are root, a router and a client behind it join, and the same Services are
announced over BGP.

Needs iproute2, util-linux and curl, and root or a kernel that lets users make namespaces. Nothing outside its own
namespaces is touched, and everything ends with the program, also when it is killed.

Examples:
  npm run demo                   build, show everything, stay up until Ctrl-C
  npm run demo -- --once         the same as a check: exit code 0, or 1 and the name of the step that failed
  npm run demo -- --once --keep  stay up after the check, whatever its outcome`;

/** The development commands of the executable. Resolves to the exit code. */
export async function runDev(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command("metallb").exitOverride();
  addDemo(program, (result) => (code = result));
  addApiServer(program, (result) => (code = result));
  addLabNode(program);
  addLabRelay(program);
  addLabGateway(program);
  addLabClient(program);
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`metallb ${argv[0] ?? ""}: ${errorMessage(error)}\n`);
    return 1;
  }
}

type Done = (code: number) => void;

function addDemo(program: Command, done: Done): void {
  program
    .command("demo")
    .description("Turns this machine into a small data centre and shows the product at work in it.")
    .option("--once", "run the script, check every step and exit")
    .option("--keep", "stay up after the script, whatever its outcome")
    .addHelpText("after", DEMO_HELP)
    .action(async ({ once = false, keep = false }: { once?: boolean; keep?: boolean }) => {
      done(await demo({ dist: bundleFolder(), once, keep, output: process.stdout }));
    });
}

function addApiServer(program: Command, done: Done): void {
  program
    .command("api-server")
    .description("Runs the embedded Kubernetes API server alone. A development tool.")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <number>", "port to listen on; 0 lets the kernel choose", parsePort, 6443)
    .option("--data-dir <folder>", "keep the state there across restarts (default: memory only)")
    .option("--kubeconfig-out <file>", "where to write the administrator's kubeconfig", "metallb-dev.kubeconfig")
    .option("--no-crds", "start without MetalLB's CRDs")
    .option(
      "--service <namespace/name=url>",
      "where the Service of a webhook answers, such as metallb-system/metallb-webhook-service=https://127.0.0.1:9443; may be repeated",
      serviceFlag,
      {},
    )
    .addOption(
      new Option(
        "--authorization-mode <mode>",
        "who may do what: everybody who has a token everything, or what roles say",
      )
        .choices(["AlwaysAllow", "RBAC"] satisfies readonly AuthorizationMode[])
        .default("AlwaysAllow"),
    )
    .action(async (flags: ApiServerFlags) => {
      const { host, port, dataDir, kubeconfigOut, crds, service, authorizationMode } = flags;
      done(
        await runApiServer({
          host,
          port,
          dataDir,
          kubeconfigOut: resolve(kubeconfigOut),
          crds,
          services: service,
          authorizationMode,
          output: process.stdout,
        }),
      );
    });
}

interface ApiServerFlags {
  readonly host: string;
  readonly port: number;
  readonly dataDir?: string;
  readonly kubeconfigOut: string;
  readonly crds: boolean;
  readonly service: Readonly<Record<string, string>>;
  readonly authorizationMode: AuthorizationMode;
}

function serviceFlag(text: string, known: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  try {
    return parseService(text, known);
  } catch (error) {
    throw new InvalidArgumentError(errorMessage(error));
  }
}

/** What the lab starts in a node's namespace; of no use elsewhere. */
function addLabNode(program: Command): void {
  program
    .command("lab-node", { hidden: true })
    .addOption(new Option("--node <name>").choices(NODES.map(({ name }) => name)).makeOptionMandatory())
    .requiredOption("--kubeconfig <file>")
    .requiredOption("--certificate <file>")
    .requiredOption("--bundle <folder>")
    .requiredOption("--logs <folder>")
    .requiredOption("--console <socket>")
    .action(async (flags: LabNodeFlags) => {
      await startNodeAgent(flags);
      await forever();
    });
}

interface LabNodeFlags {
  readonly node: string;
  readonly kubeconfig: string;
  readonly certificate: string;
  readonly bundle: string;
  readonly logs: string;
  readonly console: string;
}

/** In memory, and nobody else's: the lab has a /run of its own. */
const PODS_FOLDER = "/run/pods";

async function startNodeAgent(flags: LabNodeFlags): Promise<void> {
  const { kubeconfig, bundle, logs, console } = flags;
  const node = NODES.find(({ name }) => name === flags.node)!;
  const endpoint = await loadEndpoint({ kubeconfig, env: {} });
  const log = lineLog();
  const random = { next: () => Math.random() };
  const networks = new PodNetworks(node);
  const { tls } = await endpoint.credentials();
  const { hostname: host, port } = endpoint.server;
  const options = {
    apiServer: { host, port, authority: String(tls.ca) },
    console,
    certificate: JSON.parse(readFileSync(flags.certificate, "utf8")) as EchoCertificate,
  };
  await runNodeAgent(node, options, {
    client: createKubeClient(endpoint),
    finish: createFinishPod(endpoint),
    watcher: createKubeWatcher(endpoint, { clock: systemClock, random, log }),
    clock: systemClock,
    log,
    loopback,
    runtime: new LinuxRuntime({ bundle, pods: PODS_FOLDER, logs, openNetwork: (pod) => networks.open(pod) }),
  });
}

function addLabRelay(program: Command): void {
  program
    .command("lab-relay", { hidden: true })
    .requiredOption("--host <address>")
    .requiredOption("--port <number>", "", parsePort)
    .requiredOption("--socket <path>")
    .action(async ({ host, port, socket }: { host: string; port: number; socket: string }) => {
      await startRelay({ host, port }, socket);
      await forever();
    });
}

function addLabClient(program: Command): void {
  program
    .command("lab-client", { hidden: true })
    .argument("<url...>")
    .action(async (urls: readonly string[]) => {
      runSteadyClient(urls, millis(20));
      await forever();
    });
}

function addLabGateway(program: Command): void {
  program
    .command("lab-gateway", { hidden: true })
    .requiredOption("--socket <path>")
    .action(async ({ socket }: { socket: string }) => {
      await startGateway(socket);
      await forever();
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("a port is a number from 0 to 65535.");
  return port;
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}

/** Where the bundles are: beside this one, or in the project's dist when this runs from source. */
function bundleFolder(): string {
  const here = import.meta.dirname;
  return here.endsWith("/src/dev") ? resolve(here, "../../dist") : here;
}

// The lab starts its stand-ins with this bundle itself; people reach it through the executable.
if (import.meta.main) process.exitCode = await runDev(process.argv.slice(2));
