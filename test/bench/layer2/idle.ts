import { once } from "node:events";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { NODE, TestNetwork } from "../../support/netns.ts";

/** Of the measurement for each number of Services and each set of flags. */
const SECONDS = 30;

/** Memory and processor time of a speaker at rest, by number of Services; takes about seven minutes. */
export async function benchIdle(): Promise<unknown> {
  const network = new TestNetwork();
  try {
    const node = network.namespace("node");
    network.cable([node, "eth0"], [network.namespace("peer"), "eth0"]);
    network.address(node, "eth0", "10.31.0.1/12");
    const program = resolve(import.meta.dirname, "idle-process.ts");
    const child = network.spawn(node, NODE, program, `${SECONDS}`);
    child.stderr!.pipe(process.stderr);
    const [printed, [code]] = await Promise.all([text(child.stdout!), once(child, "exit")]);
    if (code !== 0) throw new Error(`idle-process.ts ended with code ${String(code)}`);
    return JSON.parse(printed) as unknown;
  } finally {
    network.close();
  }
}
