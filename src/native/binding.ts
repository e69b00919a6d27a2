import { createRequire } from "node:module";
import { join } from "node:path";
import { EnvironmentError, errorMessage } from "../lib/errors.ts";

/** A kernel socket, opaque to JavaScript. Closed by `close`, or when it is garbage collected, reader and all. */
export interface NativeSocket {
  readonly native: unique symbol;
}

/**
 * The addon's functions. Wrong arguments throw TypeError. Numbers returned are results of the system call, or errno as
 * a negative number; nothing blocks.
 */
export interface NativeAddon {
  socket(domain: number, type: number, protocol: number): NativeSocket | number;
  /**
   * An object with a descriptor of its own for a socket that somebody else holds, to set its options; whoever adopts
   * must close it, or the connection stays open.
   */
  adopt(descriptor: number): NativeSocket | number;
  /** A further descriptor for the socket, which the caller must close or give away (`new net.Socket({ fd })`). */
  share(socket: NativeSocket): number;
  /** `address` is a struct sockaddr. */
  bind(socket: NativeSocket, address: Uint8Array): number;
  /** setsockopt; `value` is a C int or the bytes of a structure. */
  setOption(socket: NativeSocket, level: number, name: number, value: number | Uint8Array): number;
  /** A classic BPF program of 8-byte instructions, which replaces the current one in one step. */
  attachFilter(socket: NativeSocket, program: Uint8Array): number;
  /** Sends to where the socket is bound. */
  send(socket: NativeSocket, bytes: Uint8Array): number;
  /**
   * Calls `onBatch(count)` after every batch of datagrams, until the socket is closed. Datagram i is in slot i of
   * `ring`. Its two words in `meta` are its length, -1 when it did not fit the slot, and its origin: the packet type
   * for AF_PACKET, the sender's port for AF_NETLINK. Both are valid until `onBatch` returns. A negative count is an
   * error of the socket, as errno; reading goes on. One reader per socket, 1 to 64 slots. Keeps the event loop alive.
   */
  read(
    socket: NativeSocket,
    ring: Uint8Array,
    slotSize: number,
    meta: Int32Array,
    onBatch: (count: number) => void,
  ): number;
  /** Nothing is delivered afterwards. Closing twice does nothing. */
  close(socket: NativeSocket): void;
}

/** Words of metadata per datagram. */
export const META_WORDS = 2;

let loaded: NativeAddon | undefined;

/** The addon, loaded at the first call. Throws EnvironmentError `no-addon`. */
export function nativeAddon(): NativeAddon {
  loaded ??= loadAddon(addonPaths());
  return loaded;
}

/** Where the addon may be: named by METALLB_ADDON, beside the bundle, or where build.sh leaves it. */
function addonPaths(): readonly string[] {
  const named = process.env["METALLB_ADDON"];
  if (named !== undefined) return [named];
  return [join(import.meta.dirname, "metallb.node"), join(import.meta.dirname, "build/metallb.node")];
}

/** Loads the first of `paths` that works. */
export function loadAddon(paths: readonly string[]): NativeAddon {
  const require = createRequire(import.meta.url);
  const failures: string[] = [];
  for (const path of paths) {
    try {
      return require(path) as NativeAddon;
    } catch (error) {
      failures.push(`${path}: ${firstLine(errorMessage(error))}`);
    }
  }
  throw new EnvironmentError(
    "no-addon",
    `the native addon can't be loaded (${failures.join("; ")}); ` +
      "build it with `sh src/native/build.sh`, which needs a C compiler, or name it in METALLB_ADDON",
    { retryable: false },
  );
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]!;
}
