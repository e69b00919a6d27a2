/**
 * `npm run bench:layer2 -- [PART…] [--runs N] [--kind NAME…] [--minutes N]`: prints one JSON object, and its progress on standard error.
 * Needs root and a C compiler. Figures compare things within this one run; they are not timed tests.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchCalm } from "./layer2/calm.ts";
import { benchFailover, type FailoverOptions } from "./layer2/failover.ts";
import { benchIdle } from "./layer2/idle.ts";
import { benchResponder } from "./layer2/responder.ts";
import { chosenParts, reportParts, tell } from "./parts.ts";

interface Limits extends FailoverOptions {
  readonly minutes: number;
}

const PARTS: Readonly<Record<string, (limits: Limits) => unknown>> = {
  failover: (options) => benchFailover(options, tell),
  responder: () => benchResponder(tell),
  idle: () => benchIdle(),
  calm: ({ minutes }) => benchCalm(minutes, tell),
};

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "20" },
    kind: { type: "string", multiple: true, default: [] },
    minutes: { type: "string", default: "10" },
  },
});
const limits: Limits = { runs: Number(values.runs), kinds: values.kind, minutes: Number(values.minutes) };
const parts = chosenParts(positionals, PARTS);
if (!existsSync(join(import.meta.dirname, "../../dist/metallb.mjs"))) throw new Error("no bundle: npm run build");
await reportParts(parts, PARTS, limits);
