import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { BugError } from "../lib/errors.ts";

/** The owner's end of a worker thread. Commands and events are copied (structured clone), so bigint and Map are fine. */
export interface WorkerHandle<Command, Event> {
  send(command: Command): void;
  /** Events that came before the handler are kept for it. Set once. */
  onEvent(handler: (event: Event) => void): void;
  /** `error` is what the worker threw, if that is why it ended. Called at once if it has ended already. Set once. */
  onExit(handler: (code: number, error?: Error) => void): void;
  /** Ends the thread, whatever it does. */
  terminate(): Promise<void>;
}

/** Starts `entry` in a thread of its own; `workerData` is its `workerData` of node:worker_threads. */
export function spawnWorker<Command, Event>(entry: URL | string, workerData: object): WorkerHandle<Command, Event> {
  const worker = new Worker(entry, { workerData });
  const events = new Mailbox<Event>();
  const exit = new Mailbox<{ readonly code: number; readonly error: Error | undefined }>();
  let failure: Error | undefined;
  worker.on("message", (event: Event) => events.put(event));
  worker.on("messageerror", (error) => {
    failure = error;
    void worker.terminate();
  });
  worker.on("error", (error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error));
  });
  worker.on("exit", (code) => exit.put({ code, error: failure }));
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    send: (command) => worker.postMessage(command),
    onEvent: (handler) => events.open(handler),
    onExit: (handler) => exit.open(({ code, error }) => (error === undefined ? handler(code) : handler(code, error))),
    terminate: async () => {
      await worker.terminate();
    },
  };
}

/** The inside of a worker thread: commands that came before the handler are kept for it. */
export interface WorkerPort<Command, Event> {
  send(event: Event): void;
  onCommand(handler: (command: Command) => void): void;
}

export function workerPort<Command, Event>(): WorkerPort<Command, Event> {
  const port = parentPort;
  if (isMainThread || port === null) throw new BugError("workerPort is for worker threads");
  return {
    send: (event) => port.postMessage(event),
    onCommand: (handler) => {
      port.on("message", handler);
    },
  };
}

/** Keeps values in order until somebody takes them. */
class Mailbox<T> {
  #waiting: T[] = [];
  #handler: ((value: T) => void) | undefined;

  put(value: T): void {
    if (this.#handler === undefined) this.#waiting.push(value);
    else this.#handler(value);
  }

  open(handler: (value: T) => void): void {
    this.#handler = handler;
    for (const value of this.#waiting.splice(0)) handler(value);
  }
}
