import { once } from "node:events";
import { createServer, Socket } from "node:net";
import { familyOf } from "../ip/address.ts";
import { errorMessage } from "../lib/errors.ts";
import type { SocketAddress } from "../ports/datagrams.ts";
import type { Connection, Listener, StreamHandlers, Streams } from "../ports/streams.ts";
import { addressOf, hostName, socketError } from "./socket-names.ts";

/** TCP sockets of Node. */
export const tcpStreams: Streams = { listen, connect };

async function listen(
  local: SocketAddress,
  onConnection: (connection: Connection) => StreamHandlers,
): Promise<Listener> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const remote = addressOf(socket.remoteAddress);
    // The other side is gone already.
    if (remote === undefined) return void socket.destroy();
    const connection = new SocketConnection(socket, { address: remote, port: socket.remotePort! });
    connection.handle(onConnection(connection));
  });
  const host = hostName(local.address, familyOf(local.address) === "IPv6");
  try {
    server.listen({ host, port: local.port, exclusive: true });
    await once(server, "listening");
  } catch (error) {
    throw socketError(`listen on TCP ${host} port ${local.port}`, error);
  }
  // A connection that can't be accepted (no file descriptor is left) is lost; the next one may be taken.
  server.on("error", () => {});
  const { address, port } = server.address() as { readonly address: string; readonly port: number };
  return { local: { address: addressOf(address)!, port }, close: () => void server.close() };
}

function connect(remote: SocketAddress, handlers: StreamHandlers): Connection {
  const socket = new Socket({ allowHalfOpen: true });
  const connection = new SocketConnection(socket, remote);
  connection.handle(handlers);
  const host = hostName(remote.address, false);
  try {
    socket.setNoDelay(true).connect(remote.port, host);
  } catch (error) {
    // Port 0, which only a peer's message can have brought here.
    socket.destroy(error as Error);
  }
  return connection;
}

class SocketConnection implements Connection {
  readonly remote: SocketAddress;
  readonly #socket: Socket;

  constructor(socket: Socket, remote: SocketAddress) {
    this.remote = remote;
    this.#socket = socket;
  }

  handle(handlers: StreamHandlers): void {
    let reason: string | undefined;
    this.#socket.on("data", (chunk) => handlers.onData(chunk));
    this.#socket.on("end", () => handlers.onEnd());
    this.#socket.on("error", (error) => (reason = errorMessage(error)));
    this.#socket.on("close", () => handlers.onClose(reason));
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.removeAllListeners();
    this.#socket.on("error", () => {});
    this.#socket.destroy();
  }
}
