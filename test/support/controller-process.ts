import { type ChildProcess, spawn } from "node:child_process";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join, resolve } from "node:path";
import { writeFileSync } from "node:fs";
import type { ApiServer } from "../../src/dev/api-server/server.ts";

const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts");

/** The way from one process to the API server: whatever it sends can be made to arrive late. */
export class SlowRoute {
  /** What came from the process and is held back, in order; undefined: nothing is. */
  #held: (() => void)[] | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number): Promise<SlowRoute> {
    const server = createServer({ allowHalfOpen: true });
    const route = new SlowRoute(server);
    server.on("connection", (client) => route.#join(client, connect({ port, host: "127.0.0.1", allowHalfOpen: true })));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return route;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How much came from the process and has not arrived. */
  get onTheWay(): number {
    return this.#held?.length ?? 0;
  }

  /** From now on nothing arrives. */
  hold(): void {
    this.#held ??= [];
  }

  /** What was held back arrives, and all that follows at once. */
  release(): void {
    for (const arrive of this.#held?.splice(0) ?? []) arrive();
    this.#held = undefined;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((closed) => this.#server.close(() => closed()));
  }

  #join(client: Socket, upstream: Socket): void {
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    }
    const arrive = (act: () => void) => (this.#held === undefined ? act() : this.#held.push(act));
    client.on("data", (bytes: Buffer) => arrive(() => upstream.write(bytes)));
    client.on("end", () => arrive(() => upstream.end()));
    // A client that gives a request up takes back what has not arrived.
    client.on("close", () => upstream.destroy());
    upstream.on("data", (bytes) => client.write(bytes));
    upstream.on("end", () => client.end());
  }
}

/** A replica of the real controller, run from the sources. */
export class ControllerProcess {
  readonly name: string;
  readonly route: SlowRoute;
  readonly #child: ChildProcess;
  #output = "";

  private constructor(name: string, route: SlowRoute, child: ChildProcess) {
    this.name = name;
    this.route = route;
    this.#child = child;
    for (const stream of [child.stdout!, child.stderr!])
      stream.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  static async start(name: string, server: ApiServer, folder: string): Promise<ControllerProcess> {
    const route = await SlowRoute.to(server.port);
    const kubeconfig = join(folder, name);
    writeFileSync(kubeconfig, server.kubeconfig(route.url), { mode: 0o600 });
    const flags = [
      `--kubeconfig=${kubeconfig}`,
      "--namespace=metallb-system",
      "--port=0",
      "--health-probe-port=0",
      "--webhook-mode=disabled",
    ];
    const child = spawn(process.execPath, [MAIN, "controller", ...flags], {
      env: { PATH: process.env["PATH"], METALLB_POD_NAME: name },
      stdio: ["ignore", "pipe", "pipe"],
    });
    return new ControllerProcess(name, route, child);
  }

  /** Everything it has logged. */
  get log(): string {
    return this.#output;
  }

  kill(signal: "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  /** Ends it if it still runs. Resolves with its exit code. */
  async close(): Promise<number | null> {
    const { exitCode, signalCode } = this.#child;
    const ended = exitCode !== null || signalCode !== null;
    const exited = ended ? undefined : new Promise((done) => this.#child.once("exit", done));
    if (!ended) this.#child.kill("SIGKILL");
    await exited;
    await this.route.close();
    return this.#child.exitCode;
  }
}
