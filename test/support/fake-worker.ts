import type { ProtocolWorker, WorkerCommand, WorkerEvent } from "../../src/speaker/protocol.ts";
import type { IpAddress } from "../../src/ip/address.ts";

/** All interfaces have it. */
const MAC = "02:00:00:00:00:01";

/** A protocol worker without sockets: every address is answered at once on those of its interfaces that are wanted. */
export class FakeWorker implements ProtocolWorker {
  readonly commands: WorkerCommand[] = [];
  readonly answered = new Map<IpAddress, readonly string[]>();
  #handlers: ((event: WorkerEvent) => void)[] = [];
  #interfaces: readonly string[];

  constructor(interfaces: readonly string[] = ["eth0", "eth1"]) {
    this.#interfaces = interfaces;
  }

  onEvent(handler: (event: WorkerEvent) => void): void {
    this.#handlers.push(handler);
    queueMicrotask(() => {
      this.emit({ on: "interfaces", names: this.#interfaces });
      this.emit({ on: "ready" });
    });
  }

  send(command: WorkerCommand): void {
    this.commands.push(command);
    if (command.do === "announce") {
      const { address, interfaces } = command.announcement;
      const on = interfaces === "all" ? this.#interfaces : this.#interfaces.filter((name) => interfaces.includes(name));
      this.answered.set(address, on);
      this.emit({ on: "announcing", address, interfaces: on.map((name) => ({ name, mac: MAC })) });
    } else if (command.do === "withdraw") {
      this.answered.delete(command.address);
      this.emit({ on: "announcing", address: command.address, interfaces: [] });
    } else if (command.do === "stop") {
      for (const address of this.answered.keys()) this.emit({ on: "announcing", address, interfaces: [] });
      this.answered.clear();
      this.emit({ on: "stopped" });
    }
  }

  emit(event: WorkerEvent): void {
    queueMicrotask(() => {
      for (const handler of this.#handlers) handler(event);
    });
  }
}
