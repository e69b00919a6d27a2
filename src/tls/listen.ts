import type { AddressInfo, Server } from "node:net";
import { EnvironmentError } from "../lib/errors.ts";

/** A server that listens. */
export interface Listening {
  /** The port it got, which is the one asked for unless that was 0. */
  readonly port: number;
  close(): Promise<void>;
}

/** Where to listen. */
export interface ListenAddress {
  /** Undefined: on all addresses of both families. */
  readonly host?: string;
  readonly port: number;
  /** For messages: `metrics`. */
  readonly what: string;
}

/** Resolves when the port is open; rejects with EnvironmentError (code `listen`) when it can't be had. */
export function listen(server: Server, { host, port, what }: ListenAddress): Promise<{ readonly port: number }> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const where = `${host ?? "*"}:${port}`;
      const message = `the ${what} port ${where} can't be opened: ${cause.code ?? cause.message}`;
      reject(new EnvironmentError("listen", message, { cause, retryable: cause.code === "EADDRINUSE" }));
    });
    server.listen({ port, host }, () => resolve({ port: (server.address() as AddressInfo).port }));
  });
}
