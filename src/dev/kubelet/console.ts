import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { EnvironmentError } from "../../lib/errors.ts";
import type { Kubelet } from "./kubelet.ts";

/** What a person at a node may do to a Pod's programs, which the API has no words for. */
export type ConsoleAction = "hold" | "release" | "signal";

export interface ConsoleCommand {
  readonly action: ConsoleAction;
  /** `namespace/name` */
  readonly pod: string;
  /** Of `hold` and `signal`. */
  readonly signal: NodeJS.Signals;
}

/**
 * Serves the node's console on a unix socket: `hold` ends a Pod's programs with a signal and leaves them ended, until
 * `release` starts them again; `signal` is just that. A hold is answered when the programs have ended.
 */
export async function serveConsole(kubelet: Kubelet, path: string): Promise<void> {
  rmSync(path, { force: true });
  const server = createServer((asked, response) => void answer(kubelet, asked, response));
  server.listen(path);
  await once(server, "listening");
}

async function answer(kubelet: Kubelet, asked: IncomingMessage, response: ServerResponse): Promise<void> {
  const { searchParams, pathname } = new URL(asked.url ?? "/", "http://console");
  const worker = kubelet.worker(searchParams.get("pod") ?? "");
  if (worker === undefined) return void response.writeHead(404).end("no such pod with programs on this node");
  const signal = (searchParams.get("signal") ?? "SIGTERM") as NodeJS.Signals;
  const action = pathname.slice(1) as ConsoleAction;
  if (action === "hold") await worker.hold(signal);
  else if (action === "release") worker.release();
  else worker.signal(signal);
  response.end("ok");
}

/** Gives a command to the console on this socket. Rejects when it is not carried out. */
export async function commandNode(path: string, { action, pod, signal }: ConsoleCommand): Promise<void> {
  const query = new URLSearchParams({ pod, signal }).toString();
  const asked = request({ socketPath: path, method: "POST", path: `/${action}?${query}` }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString();
  if (response.statusCode !== 200) throw new EnvironmentError("console", `${pod}: ${text}`, { retryable: false });
}
