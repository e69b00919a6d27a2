import { FAST_LAN } from "../../src/membership/settings.ts";
import { systemCipher } from "../../src/platform/system-cipher.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Datagrams } from "../../src/ports/datagrams.ts";
import type { Streams } from "../../src/ports/streams.ts";
import type { IpAddress } from "../../src/ip/address.ts";
import { depart } from "../../src/speaker/departure.ts";
import { Layer2Engine } from "../../src/speaker/layer2-engine.ts";
import type { ProtocolWorker, WorkerCommand, WorkerEvent } from "../../src/speaker/protocol.ts";
import { WorkerMembership, type WorkerMembershipPorts } from "../../src/speaker/worker-membership.ts";
import type { MemoryHost } from "./memory-network.ts";
import { seededRandom } from "./seeded-random.ts";

interface WorkerHost {
  readonly host: MemoryHost;
  readonly clock: Clock;
  readonly seed: number;
}

interface MemoryMember {
  readonly node: string;
  readonly address: IpAddress;
  readonly port: number;
  readonly datagrams: Datagrams;
  readonly streams: Streams;
}

/** What runs in a protocol worker, in the thread of the test: on a network in memory, with the same seam to the speaker. */
export class MemoryWorker implements ProtocolWorker {
  readonly #engine: Layer2Engine;
  readonly #membership: WorkerMembership | undefined;
  #handler: ((event: WorkerEvent) => void) | undefined;

  constructor({ host, clock, seed }: WorkerHost, member: MemoryMember | undefined) {
    const emit = (event: WorkerEvent): void => this.#tell(event);
    const random = seededRandom(seed);
    if (member !== undefined) {
      const { datagrams, streams, ...self } = member;
      const onResume: WorkerMembershipPorts["onResume"] = (resumed) => this.#engine.resume(resumed);
      const ports = { clock, random, datagrams, streams, cipher: systemCipher, emit, onResume };
      this.#membership = new WorkerMembership({ ...self, settings: FAST_LAN, key: undefined }, ports);
    }
    const holdsBack = (): boolean => this.#membership?.holdsBack() ?? false;
    this.#engine = new Layer2Engine(/^lo$/u, { frames: host, links: host, clock, random, emit, holdsBack });
  }

  onEvent(handler: (event: WorkerEvent) => void): void {
    this.#handler = handler;
    this.#engine.start();
    void this.#membership?.start();
  }

  send(command: WorkerCommand): void {
    const given = structuredClone(command);
    queueMicrotask(() => this.#carryOut(given));
  }

  #carryOut(command: WorkerCommand): void {
    if (command.do === "join") this.#membership?.join(command.seeds);
    else if (command.do === "vouch") this.#membership?.vouch(command.since);
    else if (command.do === "stop") void depart(this.#engine, this.#membership);
    else this.#engine.command(command);
  }

  #tell(event: WorkerEvent): void {
    const told = structuredClone(event);
    queueMicrotask(() => this.#handler?.(told));
  }
}
