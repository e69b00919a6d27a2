import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { WireOptions } from "../../src/bgp/wire/options.ts";

/** A message of a router: test/golden/bgp/README.md. */
export interface RecordedBgp {
  readonly session: string;
  readonly options: WireOptions;
  readonly bytes: Uint8Array;
}

export const BGP_ROUTERS = ["frr-8.4.4", "bird-2.0.12", "gobgp-3.10.0", "exabgp-4.2.21"] as const;

export function bgpRecording(router: (typeof BGP_ROUTERS)[number]): readonly RecordedBgp[] {
  const text = readFileSync(resolve(import.meta.dirname, `../golden/bgp/${router}.txt`), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [session, digits] = line.split(" ") as [string, string];
      const options = {
        fourOctetAs: session !== "old",
        extendedMessages: session === "internal",
        external: session !== "internal",
      };
      return { session, options, bytes: new Uint8Array(Buffer.from(digits, "hex")) };
    });
}
