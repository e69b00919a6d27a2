import { freePort } from "../support/metallb-process.ts";
import type { Reached } from "../support/raw-api-client.ts";
import { PodProcess } from "./pod-process.ts";

/**
 * Node's own flags. The young generation's default of up to 32 MiB and the old one's growth to twice its size are meant
 * for speed that a process which waits for its API server has no use for.
 */
export const MEMORY_FLAGS: readonly string[] = ["--max-semi-space-size=2", "--heap-growing-percent=20"];

/** Whoever runs the benchmark may try others. */
const NODE_FLAGS = process.env["METALLB_NODE_FLAGS"]?.split(" ").filter(Boolean) ?? MEMORY_FLAGS;

const CONTROLLER = ["controller", "--namespace=metallb-system", "--port=0", "--log-level=error"];

export async function startController(reached: Reached): Promise<PodProcess> {
  const command = [...CONTROLLER, `--health-probe-port=${await freePort()}`];
  return new PodProcess(reached, { nodeFlags: NODE_FLAGS, command });
}
