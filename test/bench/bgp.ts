/**
 * `npm run bench:bgp -- [PART…] [--prefixes N] [--sender NAME…] [--changes N] [--seconds N]`: prints one JSON object, and
 * its progress on standard error. Needs root, tcpdump, FRR, BIRD, GoBGP and ExaBGP. Figures compare things within this one run; they are not timed tests.
 */
import { parseArgs } from "node:util";
import { benchBgpWire } from "./bgp-wire.ts";
import { benchChange } from "./bgp/change.ts";
import { benchLoad, type LoadOptions } from "./bgp/load.ts";
import { benchMemory } from "./bgp/memory.ts";
import { chosenParts, reportParts, tell } from "./parts.ts";

interface Limits extends LoadOptions {
  readonly changes: number;
  /** For which idle sessions are watched. */
  readonly seconds: number;
}

const PARTS: Readonly<Record<string, (limits: Limits) => unknown>> = {
  load: (options) => benchLoad(options, tell),
  change: ({ changes }) => benchChange(changes),
  memory: ({ prefixes, seconds }) => benchMemory({ prefixes, seconds }, tell),
  decode: () => benchBgpWire(),
};

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
  allowPositionals: true,
  options: {
    prefixes: { type: "string", default: "100000" },
    sender: { type: "string", multiple: true, default: [] },
    changes: { type: "string", default: "5000" },
    seconds: { type: "string", default: "60" },
  },
});
const limits: Limits = {
  prefixes: Number(values.prefixes),
  senders: values.sender,
  changes: Number(values.changes),
  seconds: Number(values.seconds),
};
const parts = chosenParts(positionals, PARTS);
await reportParts(parts, PARTS, limits);
