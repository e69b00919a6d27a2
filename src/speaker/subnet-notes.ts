import type { ServiceView } from "../config/service.ts";
import { familyOf, formatAddress, type IpAddress } from "../ip/address.ts";
import { carries, describeSubnets, type InterfaceSubnets } from "../layer2/subnets.ts";
import { seconds } from "../lib/duration.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { EventRecorder, ObjectKey } from "../ports/kube.ts";
import type { Log } from "../ports/log.ts";
import type { PlanChange } from "./announce-state.ts";
import type { WorkerEvent } from "./protocol.ts";

export interface SubnetPorts {
  readonly events: EventRecorder;
  readonly log: Log;
  readonly clock: Clock;
}

interface Announced {
  readonly service: ServiceView;
  readonly addresses: readonly IpAddress[];
}

interface Finding {
  readonly address: IpAddress;
  readonly strays: readonly InterfaceSubnets[];
  /** No interface that answers carries the subnet. */
  readonly nowhere: boolean;
  readonly text: string;
}

/** Interfaces get their addresses one by one, and a while after the speaker has started. */
const SETTLING = seconds(5);

/** Interfaces in one message: a node can have thousands, and events have 1024 characters. */
const MOST_INTERFACES = 8;

/**
 * Tells people when an address is answered on interfaces that don't carry its subnet, as MetalLB does without a word:
 * that is right where routers know the way, and a mistake elsewhere. Each finding is told once per Service: in the log,
 * and if no interface carries the subnet, in an event.
 */
export class SubnetNotes {
  readonly #node: string;
  readonly #ports: SubnetPorts;
  readonly #announced = new Map<ObjectKey, Announced>();
  /** Interfaces on which an address is answered. */
  readonly #answered = new Map<IpAddress, readonly string[]>();
  /** What was last told of a Service, in the order of its addresses. */
  readonly #told = new Map<ObjectKey, readonly string[]>();
  #subnets: ReadonlyMap<string, InterfaceSubnets> = new Map();
  #timer: Timer | undefined;

  constructor(node: string, ports: SubnetPorts) {
    this.#node = node;
    this.#ports = ports;
  }

  /** What a plan has changed. */
  apply(changes: readonly PlanChange[]): void {
    for (const { key, service, before, after } of changes) {
      if (after.announce && service !== undefined) {
        if (this.#announced.get(key)?.service.uid !== service.uid) this.#told.delete(key);
        this.#announced.set(key, { service, addresses: after.addresses });
        this.#schedule();
      } else if (before?.announce === true) {
        this.#announced.delete(key);
        this.#told.delete(key);
      }
    }
  }

  onWorkerEvent(event: WorkerEvent): void {
    if (event.on === "subnets") this.#subnets = new Map(event.interfaces.map((each) => [each.name, each]));
    else if (event.on === "announcing" && event.interfaces.length === 0) this.#answered.delete(event.address);
    else if (event.on === "announcing") {
      this.#answered.set(
        event.address,
        event.interfaces.map(({ name }) => name),
      );
    } else return;
    this.#schedule();
  }

  close(): void {
    this.#timer?.cancel();
  }

  /** Interfaces that answer for the address and don't carry its subnet. */
  withoutSubnet(address: IpAddress): readonly string[] {
    return this.#strays(address).map(({ name }) => name);
  }

  #strays(address: IpAddress): readonly InterfaceSubnets[] {
    return (this.#answered.get(address) ?? []).flatMap((name) => {
      const subnets = this.#subnets.get(name);
      return subnets === undefined || carries(subnets, address) ? [] : [subnets];
    });
  }

  #schedule(): void {
    this.#timer ??= this.#ports.clock.after(SETTLING, () => {
      this.#timer = undefined;
      for (const [key, announced] of this.#announced) this.#review(key, announced);
    });
  }

  /** While an address is not answered, what was told of it stands. */
  #review(key: ObjectKey, { service, addresses }: Announced): void {
    const told = this.#told.get(key) ?? [];
    const texts = addresses.map((address, i) => {
      const on = this.#answered.get(address);
      if (on === undefined) return told[i] ?? "";
      const strays = this.#strays(address);
      if (strays.length === 0) return "";
      const nowhere = strays.length === on.length;
      const text = this.#sentence(address, strays, nowhere);
      if (text !== told[i]) this.#tell(service, { address, strays, nowhere, text });
      return text;
    });
    this.#told.set(key, texts);
  }

  #sentence(address: IpAddress, strays: readonly InterfaceSubnets[], nowhere: boolean): string {
    const family = familyOf(address);
    const named = strays.slice(0, MOST_INTERFACES).map((each) => describeSubnets(each, family));
    const more = strays.length - named.length;
    const list = named.join(", ") + (more > 0 ? ` and ${more} more` : "");
    const where = `${formatAddress(address)} is answered on node "${this.#node}" on ${list}`;
    if (!nowhere) return `${where}, which carry no subnet with it; other interfaces do`;
    return (
      `${where}, and none of its interfaces carries a subnet with it: only hosts with a route to it will ask. ` +
      `Where that is not meant, correct the addresses of the pool or the interfaces of the L2Advertisement`
    );
  }

  #tell({ namespace, name, uid }: ServiceView, { address, strays, nowhere, text }: Finding): void {
    const interfaces = strays.map((each) => each.name);
    const fields = { node: this.#node, service: `${namespace}/${name}`, ip: formatAddress(address), interfaces };
    this.#ports.log.info({ ...fields, reason: "noSubnet" }, text);
    if (!nowhere) return;
    const regarding = { apiVersion: "v1", kind: "Service", namespace, name, uid };
    this.#ports.events.record({ regarding, type: "Normal", reason: "NoMatchingSubnet", message: text });
  }
}
