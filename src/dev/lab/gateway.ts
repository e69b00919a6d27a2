import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { EnvironmentError, errorMessage } from "../../lib/errors.ts";
import type { DialPod } from "../api-server/subresources/pod-proxy.ts";

/** Of what is said before bytes are copied, in bytes. */
const LONGEST_LINE = 1000;

/**
 * The way from the API server, which runs outside the lab, to Pods: a process inside opens connections for whoever asks on
 * a unix socket with a line `HOST PORT`. It answers `ok`, or why not, in a line; then bytes are copied.
 */
export async function startGateway(path: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (outside) => {
    outside.on("error", () => outside.destroy());
    void serve(outside);
  });
  server.listen(path);
  await once(server, "listening");
}

async function serve(outside: Socket): Promise<void> {
  try {
    const [host = "", port = ""] = (await readLine(outside)).split(" ");
    const inside = connect({ host, port: Number(port), allowHalfOpen: true });
    await once(inside, "connect");
    inside.on("error", () => outside.destroy());
    outside.on("close", () => inside.destroy());
    outside.write("ok\n");
    outside.pipe(inside).pipe(outside);
  } catch (error) {
    outside.end(`${errorMessage(error)}\n`);
  }
}

/** Dials through the gateway on this socket. */
export function dialThrough(path: string): DialPod {
  return async ({ host, port }) => {
    const socket = connect({ path, allowHalfOpen: true });
    await once(socket, "connect");
    socket.write(`${host} ${port}\n`);
    const said = await readLine(socket);
    if (said === "ok") return socket;
    socket.destroy();
    throw new EnvironmentError("gateway", said, { retryable: true });
  };
}

/** The first line, without its end; what follows stays in the socket. */
async function readLine(socket: Socket): Promise<string> {
  const bytes: number[] = [];
  for (;;) {
    const chunk = socket.read(1) as Buffer | null;
    if (chunk?.[0] === 10) return Buffer.from(bytes).toString();
    if (chunk !== null) bytes.push(chunk[0]!);
    else if (socket.readableEnded || socket.destroyed)
      throw new EnvironmentError("gateway", "it hung up", { retryable: true });
    else await Promise.race([once(socket, "readable"), once(socket, "end"), once(socket, "close")]);
    if (bytes.length > LONGEST_LINE) throw new EnvironmentError("gateway", "it talks too much", { retryable: false });
  }
}
