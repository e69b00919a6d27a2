/** What runs inside the protocol worker's thread: the adapters, and the layer-2 engine on them. */
import { parentPort, workerData } from "node:worker_threads";
import { filterPrograms } from "../layer2/filter.ts";
import { BugError } from "../lib/errors.ts";
import { createLinks } from "../platform/link-monitor.ts";
import { createPacketFrames } from "../platform/packet-socket.ts";
import { systemCipher } from "../platform/system-cipher.ts";
import { systemClock } from "../platform/system-clock.ts";
import { systemRandom } from "../platform/system-random.ts";
import { tcpStreams } from "../platform/tcp.ts";
import { udpDatagrams } from "../platform/udp.ts";
import { depart } from "./departure.ts";
import { Layer2Engine } from "./layer2-engine.ts";
import type { WorkerCommand, WorkerEvent, WorkerOptions } from "./protocol.ts";
import { WorkerMembership } from "./worker-membership.ts";

export function runProtocolWorker(): void {
  const port = parentPort;
  if (port === null) throw new BugError("the protocol worker runs in a worker thread only");
  const { excludedInterfaces, membership: config } = workerData as WorkerOptions;
  const emit = (event: WorkerEvent): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
    port.postMessage(event);
  };
  const onTrouble = (code: string, message: string): void => emit({ on: "trouble", code, message });
  const membership =
    config === undefined
      ? undefined
      : new WorkerMembership(config, {
          clock: systemClock,
          random: systemRandom,
          datagrams: udpDatagrams,
          streams: tcpStreams,
          cipher: systemCipher,
          emit,
          onResume: (resumed) => engine.resume(resumed),
        });
  const engine = new Layer2Engine(new RegExp(excludedInterfaces, "u"), {
    holdsBack: () => membership?.holdsBack() ?? false,
    frames: createPacketFrames({ filterFor: filterPrograms, onTrouble }),
    links: createLinks(),
    clock: systemClock,
    random: systemRandom,
    emit,
  });
  port.on("message", (command: WorkerCommand) => {
    if (command.do === "join") membership?.join(command.seeds);
    else if (command.do === "vouch") membership?.vouch(command.since);
    else if (command.do === "stop") void depart(engine, membership);
    else engine.command(command);
  });
  engine.start();
  void membership?.start();
}
