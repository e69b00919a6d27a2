/** `npm run fuzz [-- CASES [SEED]]`: prints one JSON object; an exception ends it with the input that caused it. */
import { fuzzConfiguration } from "./configuration.ts";

const [cases = "1000000", seed = "1"] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify({ configuration: fuzzConfiguration(Number(cases), Number(seed)) }, null, 2)}\n`);
