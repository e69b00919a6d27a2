import { fork } from "node:child_process";
import { once } from "node:events";
import { customResourceDefinitions } from "../../src/config/crds.ts";
import { startApiServer } from "../../src/dev/api-server/server.ts";
import type { Reached } from "../support/raw-api-client.ts";

/** An embedded API server in a process of its own, so that its work can be told from its clients'. */
export interface ServerProcess {
  readonly reached: Reached;
  /** Processor time that it has used so far, in microseconds. */
  cpu(): Promise<number>;
  close(): void;
}

export async function startServerProcess(): Promise<ServerProcess> {
  const child = fork(import.meta.filename, ["serve"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [reached] = (await once(child, "message")) as [Reached];
  return {
    reached,
    async cpu() {
      child.send("cpu");
      const [microseconds] = (await once(child, "message")) as [number];
      return microseconds;
    },
    close: () => child.disconnect(),
  };
}

async function serve(): Promise<void> {
  const { port, url, caCertificate, adminToken } = await startApiServer({ crds: customResourceDefinitions() });
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send!(user + system);
  });
  process.once("disconnect", () => process.exit());
  process.send!({ port, url, caCertificate, adminToken } satisfies Reached);
}

if (process.argv[2] === "serve" && process.argv[1] === import.meta.filename) await serve();
