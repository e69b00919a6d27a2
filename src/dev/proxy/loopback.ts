import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isIpv6 } from "./plan.ts";

const run = promisify(execFile);

/** Adds or removes an address that is only this node's own business; both may be repeated. */
export interface Loopback {
  add(address: string): Promise<void>;
  remove(address: string): Promise<void>;
}

/**
 * Addresses on the `lo` of the network namespace the process runs in. IPv6 addresses skip duplicate address detection,
 * which has no meaning here, and are deprecated, so that the node never chooses them as the source of its own traffic.
 */
export const loopback: Loopback = {
  add: async (address) => {
    await run("ip", ["address", "replace", ...hostRoute(address), ...(isIpv6(address) ? DEPRECATED : [])]);
  },
  remove: async (address) => {
    await run("ip", ["address", "del", ...hostRoute(address)]).catch((error: unknown) => {
      if (!String(error).includes("Cannot assign requested address")) throw error;
    });
  },
};

const DEPRECATED = ["nodad", "preferred_lft", "0"];

function hostRoute(address: string): string[] {
  return [`${address}/${isIpv6(address) ? 128 : 32}`, "dev", "lo"];
}
