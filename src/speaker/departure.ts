import type { Layer2Engine } from "./layer2-engine.ts";
import type { WorkerMembership } from "./worker-membership.ts";

/**
 * The end of a protocol worker. Others begin to answer when they hear our goodbye, and until then we do. Where there is
 * nobody else, there is nothing to wait for.
 */
export async function depart(
  engine: Pick<Layer2Engine, "handOver" | "command">,
  membership: Pick<WorkerMembership, "hasPeers" | "leave"> | undefined,
): Promise<void> {
  if (membership !== undefined) {
    const handedOver = membership.hasPeers ? engine.handOver() : undefined;
    await Promise.all([membership.leave(), handedOver]);
  }
  engine.command({ do: "stop" });
}
