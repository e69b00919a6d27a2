import { once } from "node:events";
import { type AddressInfo, createServer, type Server, Socket } from "node:net";
import { familyOf, type IpAddress, isLinkLocalUnicast } from "../ip/address.ts";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";
import type { SocketAddress } from "../ports/datagrams.ts";
import type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  StreamAddress,
  StreamHandlers,
  Streams,
} from "../ports/streams.ts";
import { codeOf, hostName } from "./socket-names.ts";
import { descriptorOf, SocketConnection, streamAddress } from "./tcp-connection.ts";
import { clientDescriptor, listeningDescriptor } from "./tcp-native.ts";
import { setHopLimits, setMd5Key, tcpError, withDescriptor } from "./tcp-options.ts";

/**
 * TCP sockets of Node.js. What Node.js has no way to set (keys, hop limits, device) is set by the addon on a socket that
 * Node.js then takes over; nothing else needs the addon.
 */
export const tcpStreams: Streams = { listen, connect };

async function listen(
  local: SocketAddress,
  onConnection: (connection: Connection) => StreamHandlers,
  options: ListenOptions = {},
): Promise<Listener> {
  const { keys = [], ttl, device, onTrouble } = options;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = accept(socket, options);
    connection?.handle(onConnection(connection));
  });
  const ipv6 = familyOf(local.address) === "IPv6";
  const host = hostName(local.address, ipv6);
  const plain = keys.length === 0 && ttl === undefined && device === undefined;
  try {
    server.listen(plain ? { host, port: local.port, exclusive: true } : { fd: listeningDescriptor(local, options) });
    await once(server, "listening");
  } catch (error) {
    throw explained(`listen on TCP ${host} port ${local.port}`, error);
  }
  // A connection that can't be accepted (no file descriptor is left) is lost; the next one may be taken.
  server.on("error", (error) => onTrouble?.(codeOf(error), errorMessage(error)));
  return {
    local: boundTo(server),
    setKey: (remote, key) => withDescriptor(descriptorOf(server), (socket) => setMd5Key(socket, remote, key, ipv6)),
    close: () => void server.close(),
  };
}

function boundTo(server: Server): SocketAddress {
  const { address, port } = server.address() as AddressInfo;
  return streamAddress(address, port)!;
}

/** Undefined: the connection is not wanted, or gone already, and is closed before anything was read from it. */
function accept(socket: Socket, { accepts, onTrouble }: ListenOptions): SocketConnection | undefined {
  const remote = streamAddress(socket.remoteAddress, socket.remotePort);
  const local = streamAddress(socket.localAddress, socket.localPort);
  const limits = remote && local && (accepts === undefined ? {} : accepts(remote, local));
  if (limits === undefined) return void socket.on("error", () => {}).resetAndDestroy();
  try {
    if (limits.ttl !== undefined || limits.minTtl !== undefined) {
      withDescriptor(descriptorOf(socket), (native) => setHopLimits(native, familyOf(remote!.address), limits));
    }
  } catch (error) {
    const { code, message } = explained("limit the hops of a connection", error);
    onTrouble?.(code, message);
    return void socket.on("error", () => {}).resetAndDestroy();
  }
  return new SocketConnection(socket, remote!);
}

function connect(remote: StreamAddress, handlers: StreamHandlers, options: ConnectOptions = {}): Connection {
  const { key, ttl, minTtl, device, source, timeout } = options;
  const host = withZone(hostName(remote.address, false), remote.zone);
  const from = source === undefined ? undefined : hostName(source, false);
  const action = `connect to TCP ${host} port ${remote.port}${from === undefined ? "" : ` from ${from}`}`;
  const plain = [key, ttl, minTtl, device].every((option) => option === undefined);
  let socket: Socket;
  let failure: unknown;
  try {
    socket = plain ? new Socket({ allowHalfOpen: true }) : adoptingSocket(clientDescriptor(remote, options));
    socket.setNoDelay(true);
  } catch (error) {
    socket = new Socket();
    failure = error;
  }
  const connection = new SocketConnection(socket, remote);
  let stands = false;
  socket.once("connect", () => (stands = true));
  connection.handle(handlers, (error) => (stands ? errorMessage(error) : explained(action, error).message));
  if (timeout !== undefined) limitWait(socket, timeout);
  try {
    if (failure !== undefined) throw failure;
    const bound = plain && from !== undefined ? { localAddress: withZone(from, zoneOf(source!, remote)) } : {};
    socket.connect({ host, port: remote.port, ...bound });
  } catch (error) {
    // An option that can't be set; or port 0, which only a peer's message can have brought here.
    socket.destroy(error as Error);
  }
  return connection;
}

function adoptingSocket(descriptor: number): Socket {
  const options = { fd: descriptor, readable: true, writable: true, allowHalfOpen: true };
  // `manualStart` is what makes Node.js connect it later instead of reading at once.
  return new Socket({ ...options, manualStart: true } as typeof options);
}

function limitWait(socket: Socket, timeout: number): void {
  const error = Object.assign(new Error(`no answer within ${timeout / 1000} s`), { code: "ETIMEDOUT" });
  const timer = setTimeout(() => socket.destroy(error), timeout);
  const stop = (): void => clearTimeout(timer);
  socket.once("connect", stop).once("close", stop);
}

function zoneOf(source: IpAddress, remote: StreamAddress): string | undefined {
  return isLinkLocalUnicast(source) ? remote.zone : undefined;
}

function withZone(host: string, zone: string | undefined): string {
  return zone === undefined ? host : `${host}%${zone}`;
}

/** What people read, whatever was thrown. */
function explained(action: string, thrown: unknown): EnvironmentError {
  if (!(thrown instanceof EnvironmentError)) return tcpError(action, codeOf(thrown), errorMessage(thrown));
  if (thrown.code !== "no-addon") return thrown;
  const message = `can't ${action} with a key, hop limit or interface: ${thrown.message}`;
  return new EnvironmentError(thrown.code, message, { retryable: false, cause: thrown });
}
