import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { seconds } from "../../lib/duration.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Balancer } from "./balancer.ts";
import type { Listener } from "./node-sockets.ts";
import { type Backend, type Frontend, isIpv6 } from "./plan.ts";

/** How long a client keeps its endpoint after its last datagram; the kernel's conntrack uses the same for UDP. */
const IDLE = seconds(30);

/** Each flow holds a socket. Datagrams of further clients are dropped. */
const MOST_FLOWS = 1000;

interface Flow {
  readonly upstream: Socket;
  readonly backend: Backend;
  idle: Timer | undefined;
}

/** Receives datagrams on a service address; each client gets a socket of its own towards its endpoint. */
export async function forwardUdp(frontend: Frontend, balancer: Balancer, clock: Clock): Promise<Listener> {
  const type = isIpv6(frontend.address) ? "udp6" : "udp4";
  const listener = createSocket(type);
  const flows = new Map<string, Flow>();

  listener.on("message", (datagram, client) => {
    const key = `${client.address} ${client.port}`;
    const flow = flows.get(key) ?? openFlow(client);
    if (flow === undefined) return;
    flow.idle?.cancel();
    flow.idle = clock.after(IDLE, () => closeFlow(key));
    flows.set(key, flow);
    flow.upstream.send(datagram, flow.backend.port, flow.backend.address);
  });

  function openFlow(client: RemoteInfo): Flow | undefined {
    const backend = flows.size < MOST_FLOWS ? balancer.pick(client.address) : undefined;
    if (backend === undefined) return undefined;
    const upstream = createSocket(type);
    upstream.on("message", (answer, from) => {
      if (from.port === backend.port) listener.send(answer, client.port, client.address);
    });
    // The datagram is lost, as on any network.
    upstream.on("error", () => undefined);
    return { upstream, backend, idle: undefined };
  }

  function closeFlow(key: string): void {
    const flow = flows.get(key);
    flow?.idle?.cancel();
    flow?.upstream.close();
    flows.delete(key);
  }

  listener.bind(frontend.port, frontend.address);
  await once(listener, "listening");
  return {
    close: async () => {
      for (const key of flows.keys()) closeFlow(key);
      const done = once(listener, "close");
      listener.close();
      await done;
    },
  };
}
