/**
 * A process with a real protocol worker in it, to be started in a network namespace. It carries out commands from
 * standard input and prints events, both as lines of JSON in which addresses are text.
 */
import { createInterface } from "node:readline";
import { isMainThread, Worker } from "node:worker_threads";
import type { IpAddress } from "../../src/ip/address.ts";
import { formatAddress, parseAddress } from "../../src/ip/address.ts";
import type { WorkerCommand, WorkerEvent, WorkerOptions } from "../../src/speaker/protocol.ts";
import { runProtocolWorker } from "../../src/speaker/protocol-worker.ts";

/** Besides the worker's own commands: end its thread where it stands. */
export type HostCommand =
  | { readonly do: "announce"; readonly address: string; readonly interfaces: "all" | readonly string[] }
  | { readonly do: "withdraw"; readonly address: string }
  | { readonly do: "stop" }
  | { readonly do: "terminate" };

if (isMainThread) runHost();
else runProtocolWorker();

function runHost(): void {
  const workerData: WorkerOptions = { role: "protocol", excludedInterfaces: "^lo$" };
  const worker = new Worker(new URL(import.meta.url), { workerData });
  worker.on("message", (event: WorkerEvent) => print(event));
  worker.on("exit", () => process.stdin.destroy());
  createInterface({ input: process.stdin }).on("line", (line) => {
    const command = JSON.parse(line) as HostCommand;
    if (command.do === "terminate") void worker.terminate();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
    else worker.postMessage(toWorkerCommand(command));
  });
}

function toWorkerCommand(command: Exclude<HostCommand, { do: "terminate" }>): WorkerCommand {
  switch (command.do) {
    case "announce":
      return { do: "announce", announcement: { address: parse(command.address), interfaces: command.interfaces } };
    case "withdraw":
      return { do: "withdraw", address: parse(command.address) };
    case "stop":
      return command;
  }
}

function parse(text: string): IpAddress {
  const address = parseAddress(text);
  if (address === undefined) throw new TypeError(`not an address: ${text}`);
  return address;
}

function print(event: WorkerEvent): void {
  const text = JSON.stringify(event, (_, value: unknown) =>
    typeof value === "bigint" ? formatAddress(value as IpAddress) : value,
  );
  process.stdout.write(`${text}\n`);
}
