import { getSystemErrorMap } from "node:util";
import { familyOf, formatAddress, type IpAddress } from "../ip/address.ts";
import { EnvironmentError } from "../lib/errors.ts";
import { nativeAddon, type NativeSocket } from "../native/binding.ts";
import type { HopLimits } from "../ports/streams.ts";
import { socketAddressBytes } from "./socket-address.ts";
import * as linux from "./socket-constants.ts";

/** TCP_MD5SIG_MAXKEYLEN of the kernel. */
const MAX_KEY_BYTES = 80;
/** struct tcp_md5sig: sockaddr_storage, flags, prefix length, key length (u16), interface (u32), key. */
const MD5_SIZE = 216;
const MD5_KEY_LENGTH = 130;
const MD5_KEY = 136;
/** -ENOENT */
const NO_SUCH_KEY = -2;

/** Errors that may be gone at the next try. */
const PASSING = new Set(["EADDRINUSE", "EADDRNOTAVAIL", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ENODEV"]);

/** What else there is to say about an error of TCP. */
const HINTS: Readonly<Record<string, string>> = {
  EACCES: "; the process needs the capability CAP_NET_BIND_SERVICE for ports below 1024",
  EADDRNOTAVAIL: "; no interface of this node has the address",
  ENODEV: "; no such interface",
  ENOPROTOOPT: "; the kernel was built without it",
};

/** The error of a TCP socket by the errno's name. `action` says what was attempted. */
export function tcpError(action: string, code: string, text: string): EnvironmentError {
  const message = `can't ${action}: ${withCode(text, code)}${HINTS[code] ?? ""}`;
  return new EnvironmentError(code, message, { retryable: PASSING.has(code) });
}

/** Node.js begins its texts with what it did and the code. */
function withCode(text: string, code: string): string {
  return text.includes(code) ? text : `${text} (${code})`;
}

/** The error of a system call that returned `-errno`. */
export function errnoError(action: string, negativeErrno: number): EnvironmentError {
  const [code, text] = getSystemErrorMap().get(negativeErrno) ?? [`errno ${-negativeErrno}`, "unknown error"];
  return tcpError(action, code, text);
}

/** Throws EnvironmentError when `result` is an errno as negative number. */
export function checkTcp(action: string, result: number): void {
  if (result < 0) throw errnoError(action, result);
}

/**
 * Runs `use` with the socket behind a descriptor that Node.js holds. The addon's own descriptor is closed afterwards.
 * Throws EnvironmentError, `no-addon` where the addon is missing.
 */
export function withDescriptor(descriptor: number, use: (socket: NativeSocket) => void): void {
  const addon = nativeAddon();
  const socket = addon.adopt(descriptor);
  if (typeof socket === "number") throw errnoError("reach a socket of Node.js", socket);
  try {
    use(socket);
  } finally {
    addon.close(socket);
  }
}

/** The interface, or VRF, that packets of the socket go and come through. */
export function bindToDevice(socket: NativeSocket, device: string): void {
  const name = new TextEncoder().encode(`${device}\0`);
  checkTcp(`use interface ${device}`, nativeAddon().setOption(socket, linux.SOL_SOCKET, linux.SO_BINDTODEVICE, name));
}

/** `family` is that of the packets; on an IPv6 socket both can be set. */
export function setHopLimits(socket: NativeSocket, family: "IPv4" | "IPv6", { ttl, minTtl }: HopLimits): void {
  const addon = nativeAddon();
  const [level, ttlOption, minTtlOption] =
    family === "IPv4"
      ? [linux.IPPROTO_IP, linux.IP_TTL, linux.IP_MINTTL]
      : [linux.IPPROTO_IPV6, linux.IPV6_UNICAST_HOPS, linux.IPV6_MINHOPCOUNT];
  if (ttl !== undefined) checkTcp(`send with TTL ${ttl}`, addon.setOption(socket, level, ttlOption, ttl));
  if (minTtl !== undefined) {
    checkTcp(`drop what comes with a TTL below ${minTtl}`, addon.setOption(socket, level, minTtlOption, minTtl));
  }
}

/** Segments from and to `remote` carry signatures with `key` (RFC 2385); undefined: none, as in the beginning. */
export function setMd5Key(
  socket: NativeSocket,
  remote: IpAddress,
  key: string | undefined,
  socketIsIpv6 = familyOf(remote) === "IPv6",
): void {
  const action = `${key === undefined ? "remove" : "set"} the TCP MD5 key of ${formatAddress(remote)}`;
  const signature = md5Signature(remote, key ?? "", socketIsIpv6);
  const result = nativeAddon().setOption(socket, linux.IPPROTO_TCP, linux.TCP_MD5SIG, signature);
  if (key === undefined && result === NO_SUCH_KEY) return;
  checkTcp(action, result);
}

function md5Signature(remote: IpAddress, key: string, socketIsIpv6: boolean): Uint8Array {
  const bytes = new Uint8Array(MD5_SIZE);
  const keyBytes = new TextEncoder().encode(key);
  if (keyBytes.length > MAX_KEY_BYTES) {
    throw tcpError(
      "use a TCP MD5 key",
      "EINVAL",
      `it has ${keyBytes.length} bytes, at most ${MAX_KEY_BYTES} are possible`,
    );
  }
  bytes.set(socketAddressBytes(remote, 0, socketIsIpv6));
  new DataView(bytes.buffer).setUint16(MD5_KEY_LENGTH, keyBytes.length, true);
  bytes.set(keyBytes, MD5_KEY);
  return bytes;
}
