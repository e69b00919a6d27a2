/** `npm run fuzz [-- CASES [SEED [WHAT]]]`: prints one JSON object; an exception ends it with the input that caused it. */
import { fuzzBgp } from "./bgp.ts";
import { fuzzConfiguration } from "./configuration.ts";
import { fuzzFrames } from "./frames.ts";
import { fuzzMemberlist } from "./memberlist.ts";

const FUZZERS = { configuration: fuzzConfiguration, frames: fuzzFrames, memberlist: fuzzMemberlist, bgp: fuzzBgp };

const [cases = "1000000", seed = "1", only] = process.argv.slice(2);
const reports = Object.entries(FUZZERS)
  .filter(([name]) => only === undefined || name === only)
  .map(([name, fuzz]) => [name, fuzz(Number(cases), Number(seed))]);
process.stdout.write(`${JSON.stringify(Object.fromEntries(reports), null, 2)}\n`);
