import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Balancer } from "./balancer.ts";
import type { Listener } from "./node-sockets.ts";
import type { Frontend } from "./plan.ts";

/** Accepts connections on a service address and copies bytes to and from an endpoint. */
export async function forwardTcp(frontend: Frontend, balancer: Balancer): Promise<Listener> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => accept(client, balancer, open));
  server.listen(frontend.port, frontend.address);
  await once(server, "listening");
  return {
    close: async () => {
      await closed(server, open);
    },
  };
}

function accept(client: Socket, balancer: Balancer, open: Set<Socket>): void {
  const backend = balancer.pick(client.remoteAddress ?? "");
  if (backend === undefined) {
    // What kube-proxy does with a Service without endpoints: refuse.
    client.resetAndDestroy();
    return;
  }
  const upstream = connect({ host: backend.address, port: backend.port, allowHalfOpen: true });
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    open.add(one);
    one.on("error", () => other.resetAndDestroy());
    one.on("close", () => open.delete(one));
    one.pipe(other);
  }
}

async function closed(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  const done = once(server, "close");
  server.close();
  for (const socket of open) socket.resetAndDestroy();
  await done;
}
