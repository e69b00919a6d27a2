import { EnvironmentError } from "../lib/errors.ts";
import type { NativeAddon, NativeSocket } from "../native/binding.ts";
import { META_WORDS, nativeAddon } from "../native/binding.ts";
import type { Link, Links } from "../ports/links.ts";
import { LinkTable } from "./link-table.ts";
import type { NetlinkMessage } from "./netlink.ts";
import { decodeNetlink, DUMP, encodeDump } from "./netlink.ts";
import * as linux from "./socket-constants.ts";
import { systemError } from "./system-error.ts";

/** RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR */
const GROUPS = 0x001 | 0x010 | 0x100;

/** The kernel never sends a larger datagram. */
const SLOT_SIZE = 32 * 1024;
const SLOTS = 4;
const RECEIVE_BUFFER = 1 << 20;

/** Pause before another dump, so that a kernel that keeps failing is not asked in a busy loop. */
const DUMP_PAUSE_MS = 1000;

/** Links of this network namespace, told by the kernel over rtnetlink. Needs no capability. */
export function createLinks(): Links {
  return {
    watch: (onChange, onError) => {
      const monitor = new LinkMonitor(nativeAddon(), onChange, onError);
      return { close: () => monitor.close() };
    },
  };
}

/**
 * Dumps all links, then all addresses, into a fresh table while the news of both arrive on the same socket, in order;
 * the table is shown once it is whole. Lost messages start over.
 */
class LinkMonitor {
  readonly #addon: NativeAddon;
  readonly #onChange: (links: readonly Link[]) => void;
  readonly #onError: (error: Error) => void;
  readonly #socket: NativeSocket;
  #table = new LinkTable();
  #sequence = 0;
  /** What is being dumped; "whole" when the table can be shown, "lost" when another dump has to mend it. */
  #state: keyof typeof DUMP | "whole" | "lost" = "lost";
  #interrupted = false;
  #lastDump = -Infinity;
  #nextDump: NodeJS.Timeout | undefined;
  #delivery: NodeJS.Immediate | undefined;

  constructor(addon: NativeAddon, onChange: (links: readonly Link[]) => void, onError: (error: Error) => void) {
    this.#addon = addon;
    this.#onChange = onChange;
    this.#onError = onError;
    this.#socket = this.#open();
    this.#dump();
  }

  close(): void {
    clearTimeout(this.#nextDump);
    clearImmediate(this.#delivery);
    this.#addon.close(this.#socket);
  }

  #open(): NativeSocket {
    const addon = this.#addon;
    const socket = addon.socket(linux.AF_NETLINK, linux.SOCK_RAW, 0);
    if (typeof socket === "number") throw systemError("open a netlink socket", socket);
    addon.setOption(socket, linux.SOL_SOCKET, linux.SO_RCVBUF, RECEIVE_BUFFER);
    const ring = new Uint8Array(SLOTS * SLOT_SIZE);
    const meta = new Int32Array(SLOTS * META_WORDS);
    let result = addon.bind(socket, netlinkAddress(GROUPS));
    if (result >= 0) result = addon.read(socket, ring, SLOT_SIZE, meta, (count) => this.#onBatch(ring, meta, count));
    if (result >= 0) return socket;
    addon.close(socket);
    throw systemError("watch a netlink socket", result);
  }

  #onBatch(ring: Uint8Array, meta: Int32Array, count: number): void {
    if (count < 0) this.#startOver(systemError("receive from netlink", count));
    for (let i = 0; i < count; i++) {
      const length = meta[i * META_WORDS]!;
      const sender = meta[i * META_WORDS + 1]!;
      if (sender !== 0) continue;
      if (length < 0) this.#startOver(lost("a netlink message was larger than any should be"));
      else for (const message of decodeNetlink(ring.subarray(i * SLOT_SIZE, i * SLOT_SIZE + length))) this.#on(message);
    }
  }

  #on(message: NetlinkMessage): void {
    // The end of a dump that was given up.
    if ("sequence" in message && message.sequence !== this.#sequence) return;
    switch (message.kind) {
      case "done":
        this.#onDumped();
        return;
      case "interrupted":
        this.#interrupted = true;
        return;
      case "error":
        this.#startOver(systemError("list the links", message.negativeErrno));
        return;
      case "malformed":
        this.#startOver(lost(`malformed netlink message: ${message.reason}`));
        return;
      case "link":
      case "link-gone":
      case "address":
      case "address-gone":
        this.#apply(message);
    }
  }

  #apply(change: Parameters<LinkTable["apply"]>[0]): void {
    if (this.#table.apply(change) && this.#state === "whole") this.#deliverSoon();
  }

  #onDumped(): void {
    if (this.#interrupted) {
      this.#startOver(lost("the links changed while they were listed"));
    } else if (this.#state === "links") {
      this.#request("addresses");
    } else if (this.#state === "addresses") {
      this.#state = "whole";
      this.#deliverSoon();
    }
  }

  /** Dumps again: at once, or after a pause if the last dump has just been. Nothing is shown until that succeeds. */
  #startOver(error: Error): void {
    this.#state = "lost";
    clearImmediate(this.#delivery);
    this.#delivery = undefined;
    if (this.#nextDump === undefined) {
      const pause = Math.max(0, this.#lastDump + DUMP_PAUSE_MS - performance.now());
      this.#nextDump = setTimeout(() => {
        this.#nextDump = undefined;
        this.#dump();
      }, pause);
    }
    this.#onError(error);
  }

  #dump(): void {
    this.#lastDump = performance.now();
    this.#table = new LinkTable();
    this.#interrupted = false;
    this.#request("links");
  }

  #request(what: keyof typeof DUMP): void {
    this.#state = what;
    this.#sequence++;
    const result = this.#addon.send(this.#socket, encodeDump(DUMP[what], this.#sequence));
    if (result < 0) this.#startOver(systemError(`list the ${what}`, result));
  }

  /** Once per burst. */
  #deliverSoon(): void {
    this.#delivery ??= setImmediate(() => {
      this.#delivery = undefined;
      this.#onChange(this.#table.links());
    });
  }
}

function lost(message: string): EnvironmentError {
  return new EnvironmentError("netlink-lost", message, { retryable: true });
}

/** struct sockaddr_nl: family, padding, port (0: the kernel picks one), groups. */
function netlinkAddress(groups: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, linux.AF_NETLINK, true);
  view.setUint32(8, groups, true);
  return bytes;
}
