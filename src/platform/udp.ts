import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { familyOf } from "../ip/address.ts";
import type { DatagramHandlers, Datagrams, DatagramSocket, SocketAddress } from "../ports/datagrams.ts";
import { addressOf, hostName, socketError } from "./socket-names.ts";

/** Datagrams that wait while the thread is busy; the kernel gives less where its limit is lower. */
const RECEIVE_BUFFER = 2 << 20;

/** UDP sockets of Node. */
export const udpDatagrams: Datagrams = { bind };

async function bind(local: SocketAddress, handlers: DatagramHandlers): Promise<DatagramSocket> {
  const ipv6 = familyOf(local.address) === "IPv6";
  const socket = createSocket({ type: ipv6 ? "udp6" : "udp4", recvBufferSize: RECEIVE_BUFFER });
  const address = hostName(local.address, ipv6);
  try {
    socket.bind({ address, port: local.port, exclusive: true });
    await once(socket, "listening");
  } catch (error) {
    socket.close();
    throw socketError(`listen on UDP ${address} port ${local.port}`, error);
  }
  return new BoundSocket(socket, ipv6, handlers);
}

class BoundSocket implements DatagramSocket {
  readonly local: SocketAddress;
  readonly #socket: Socket;
  readonly #ipv6: boolean;
  readonly #handlers: DatagramHandlers;
  #closed = false;

  constructor(socket: Socket, ipv6: boolean, handlers: DatagramHandlers) {
    this.#socket = socket;
    this.#ipv6 = ipv6;
    this.#handlers = handlers;
    const { address, port } = socket.address();
    this.local = { address: addressOf(address)!, port };
    socket.on("error", (error) => this.#trouble(error));
    socket.on("message", (payload, sender) => {
      const from = addressOf(sender.address);
      if (from !== undefined) handlers.onDatagram(payload, { address: from, port: sender.port });
    });
  }

  send(to: SocketAddress, payload: Uint8Array): void {
    if (this.#closed) return;
    try {
      this.#socket.send(payload, to.port, hostName(to.address, this.#ipv6), (error) => {
        if (error !== null) this.#trouble(error);
      });
    } catch (error) {
      // Port 0, which only a peer's message can have brought here.
      this.#trouble(error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.removeAllListeners("message");
    this.#socket.close();
  }

  #trouble(error: unknown): void {
    if (this.#closed) return;
    const { code, message } = socketError("use the UDP socket", error);
    this.#handlers.onTrouble(code, message);
  }
}
