import { familyOf, formatAddress, isLinkLocalUnicast } from "../ip/address.ts";
import { nativeAddon, type NativeSocket } from "../native/binding.ts";
import type { SocketAddress } from "../ports/datagrams.ts";
import type { ConnectOptions, ListenOptions, StreamAddress } from "../ports/streams.ts";
import { socketAddressBytes } from "./socket-address.ts";
import * as linux from "./socket-constants.ts";
import { bindToDevice, checkTcp, errnoError, setHopLimits, setMd5Key } from "./tcp-options.ts";

/**
 * A descriptor of a socket with `options` that is about to connect to `remote`, for Node.js to take over. Throws
 * EnvironmentError when an option can't be set.
 */
export function clientDescriptor(remote: StreamAddress, options: ConnectOptions): number {
  const family = familyOf(remote.address);
  const { source, key } = options;
  // Only the interface tells which link a link-local source is on.
  const device = options.device ?? (source !== undefined && isLinkLocalUnicast(source) ? remote.zone : undefined);
  return descriptorWith(family, (socket) => {
    if (device !== undefined) bindToDevice(socket, device);
    setHopLimits(socket, family, options);
    if (key !== undefined) setMd5Key(socket, remote.address, key);
    if (source !== undefined) bind(socket, { address: source, port: 0 }, family);
  });
}

/** As `clientDescriptor`, for a socket that is bound to `local` and about to listen. */
export function listeningDescriptor(local: SocketAddress, options: ListenOptions): number {
  const family = familyOf(local.address);
  const { device, keys = [], ttl } = options;
  return descriptorWith(family, (socket) => {
    checkTcp("listen", nativeAddon().setOption(socket, linux.SOL_SOCKET, linux.SO_REUSEADDR, 1));
    if (device !== undefined) bindToDevice(socket, device);
    if (ttl !== undefined) setHopLimits(socket, "IPv4", { ttl });
    if (ttl !== undefined && family === "IPv6") setHopLimits(socket, "IPv6", { ttl });
    for (const { remote, key } of keys) setMd5Key(socket, remote, key, family === "IPv6");
    bind(socket, local, family);
  });
}

function descriptorWith(family: "IPv4" | "IPv6", prepare: (socket: NativeSocket) => void): number {
  const addon = nativeAddon();
  const socket = addon.socket(family === "IPv6" ? linux.AF_INET6 : linux.AF_INET, linux.SOCK_STREAM, 0);
  if (typeof socket === "number") throw errnoError("open a TCP socket", socket);
  try {
    prepare(socket);
    const descriptor = addon.share(socket);
    checkTcp("share a socket", descriptor);
    return descriptor;
  } finally {
    addon.close(socket);
  }
}

function bind(socket: NativeSocket, { address, port }: SocketAddress, family: "IPv4" | "IPv6"): void {
  const bytes = socketAddressBytes(address, port, family === "IPv6");
  checkTcp(`use the address ${formatAddress(address)} port ${port}`, nativeAddon().bind(socket, bytes));
}
