import type { Clock } from "../../ports/clock.ts";
import { Balancer } from "./balancer.ts";
import type { Listener, NodeSockets } from "./node-sockets.ts";
import type { Frontend, ProxyPlan } from "./plan.ts";
import { forwardTcp } from "./tcp-forwarder.ts";
import { forwardUdp } from "./udp-forwarder.ts";

/** Forwards what arrives on service addresses to endpoints, as the latest plan says. */
export class ServiceProxy {
  readonly #clock: Clock;
  readonly #sockets: NodeSockets;
  #balancers = new Map<string, Balancer>();

  constructor(clock: Clock, sockets: NodeSockets) {
    this.#clock = clock;
    this.#sockets = sockets;
  }

  apply({ addresses, frontends }: ProxyPlan): void {
    const balancers = new Map([...frontends].map(([id, frontend]) => [id, this.#balancer(frontend)]));
    this.#balancers = balancers;
    const listeners = new Map(
      [...frontends].map(([id, frontend]) => [id, () => this.#forward(frontend, balancers.get(id)!)]),
    );
    this.#sockets.apply({ addresses, listeners });
  }

  #balancer(frontend: Frontend): Balancer {
    const balancer = this.#balancers.get(frontend.id) ?? new Balancer(this.#clock);
    balancer.update(frontend.backends, frontend.affinity);
    return balancer;
  }

  #forward(frontend: Frontend, balancer: Balancer): Promise<Listener> {
    return frontend.protocol === "TCP" ? forwardTcp(frontend, balancer) : forwardUdp(frontend, balancer, this.#clock);
  }
}
