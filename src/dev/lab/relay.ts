import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/**
 * Copies bytes between TCP connections and a unix socket. Unix sockets are reached from every network namespace that
 * sees their file: so the API server, which runs outside the lab, is found inside at an address of the lab's network.
 */
export async function startRelay(
  listen: { readonly host: string; readonly port: number },
  path: string,
): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (inside) => {
    const outside = connect({ path, allowHalfOpen: true });
    join(inside, outside);
    join(outside, inside);
  });
  server.listen(listen.port, listen.host);
  await once(server, "listening");
}

function join(from: Socket, to: Socket): void {
  from.on("error", () => to.destroy());
  from.pipe(to);
}
