import { Worker } from "node:worker_threads";
import type { ProtocolWorker, WorkerCommand, WorkerEvent, WorkerOptions } from "./protocol.ts";

/** A protocol worker in a thread of its own. */
export interface SpawnedWorker extends ProtocolWorker {
  /** Resolves when the thread has ended without being told to, with the reason. */
  readonly failed: Promise<string>;
  /** Ends the thread. */
  close(): Promise<void>;
}

/** The command line's entry becomes the worker: beside this part in the bundle, in its folder in the source. */
const ENTRY = new URL(import.meta.url.endsWith(".ts") ? "../cli/main.ts" : "./metallb.mjs", import.meta.url);

export function spawnProtocolWorker(options: Omit<WorkerOptions, "role">): SpawnedWorker {
  const workerData: WorkerOptions = { role: "protocol", ...options };
  const thread = new Worker(ENTRY, { workerData, argv: [] });
  // A thread may have something to say before anybody listens, and would not say it again.
  const early: WorkerEvent[] = [];
  let hear = (event: WorkerEvent): void => void early.push(event);
  thread.on("message", (event: WorkerEvent) => hear(event));
  let closing = false;
  const failed = new Promise<string>((resolve) => {
    thread.on("error", (error: unknown) =>
      resolve(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
    thread.on("exit", (code) => {
      if (!closing) resolve(`exit code ${code}`);
    });
  });
  return {
    failed,
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
    send: (command: WorkerCommand) => thread.postMessage(command),
    onEvent(handler: (event: WorkerEvent) => void) {
      hear = handler;
      for (const event of early.splice(0)) handler(event);
    },
    async close() {
      closing = true;
      await thread.terminate();
    },
  };
}
