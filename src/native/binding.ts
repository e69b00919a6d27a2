import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";

/** An open socket of the addon. It is closed by `close`, or when its thread ends. */
export interface NativeSocket {
  readonly native: unique symbol;
}

/**
 * The addon's functions. Numbers they return are the system call's result, or the negative errno. Arguments of a wrong
 * type and closed sockets throw TypeError or Error; they never crash the process.
 */
export interface Addon {
  /** socket(2), non-blocking and close-on-exec. */
  open(domain: number, type: number, protocol: number): NativeSocket | number;
  /** Closing twice does nothing. */
  close(socket: NativeSocket): void;
  /** `address` is a whole sockaddr. */
  bind(socket: NativeSocket, address: Uint8Array): number;
  /** A number is passed as a C int. */
  setOption(socket: NativeSocket, level: number, name: number, value: Uint8Array | number): number;
  /** `program` is an array of struct sock_filter. Replaces an earlier filter. */
  attachFilter(socket: NativeSocket, program: Uint8Array): number;
  /** Sends one datagram without blocking. */
  send(socket: NativeSocket, datagram: Uint8Array): number;
  /**
   * Reads for as long as the socket is open. Before each call of `onBatch(count)` datagram `i` was put at
   * `ring[i * slotSize]` and its length into `lengths[i]`; a length above `slotSize` means that it was cut. A negative
   * count is an errno of the socket; reading goes on.
   */
  read(
    socket: NativeSocket,
    ring: Uint8Array,
    lengths: Int32Array,
    slotSize: number,
    onBatch: (count: number) => void,
  ): number;
}

const MEND =
  "build it with `sh src/native/build.sh` (needs a C compiler and the npm package node), or set METALLB_ADDON";

/** Where the addon is looked for: METALLB_ADDON alone if set, else beside the bundle, else where build.sh puts it. */
export function addonCandidates(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const given = environment["METALLB_ADDON"];
  if (given !== undefined && given !== "") return [given];
  return ["./metallb.node", "./build/metallb.node"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
}

/** Loads the addon. Throws EnvironmentError `no-addon`, whose message says what is missing and how to mend it. */
export function loadAddon(candidates: readonly string[] = addonCandidates(process.env)): Addon {
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path === undefined) {
    const message = `layer 2 is off: the packet addon is missing, looked for ${candidates.join(" and ")}; ${MEND}`;
    throw new EnvironmentError("no-addon", message, { retryable: false });
  }
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    const message = `layer 2 is off: the packet addon ${path} can't be loaded: ${errorMessage(cause)}; ${MEND}`;
    throw new EnvironmentError("no-addon", message, { retryable: false, cause });
  }
}
