/**
 * Passes datagrams on, each after a random time of its own, so that they overtake each other, and prints a byte each
 * time that they do. Its argument is JSON: where it listens, and for each port there where to.
 */
import { createSocket } from "node:dgram";

export interface RelayOptions {
  readonly address: string;
  readonly routes: readonly (readonly [port: number, toAddress: string, toPort: number])[];
  /** Milliseconds. */
  readonly min: number;
  readonly max: number;
}

const { address, routes, min, max } = JSON.parse(process.argv[2]!) as RelayOptions;

for (const [port, toAddress, toPort] of routes) {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  let came = 0;
  let latest = 0;
  socket.on("message", (payload) => {
    const number = ++came;
    setTimeout(
      () => {
        if (number < latest) process.stdout.write("!");
        latest = Math.max(latest, number);
        socket.send(payload, toPort, toAddress);
      },
      min + Math.random() * (max - min),
    );
  });
  socket.bind(port, address);
}
