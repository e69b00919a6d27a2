/**
 * A process with the real frames and links in it, to be started in a network namespace. It carries out commands from
 * standard input and prints events, both as lines of JSON in which bytes are hex and addresses are text.
 */
import { createInterface } from "node:readline";
import { hex, toHex } from "../../src/bytes/hex.ts";
import { formatAddress, type IpAddress, parseAddress } from "../../src/ip/address.ts";
import { formatMac } from "../../src/ip/mac.ts";
import { filterPrograms } from "../../src/layer2/filter.ts";
import { EnvironmentError } from "../../src/lib/errors.ts";
import { createLinks } from "../../src/platform/link-monitor.ts";
import { createPacketFrames } from "../../src/platform/packet-socket.ts";
import type { FrameKind, FrameSocket } from "../../src/ports/frames.ts";
import type { Link } from "../../src/ports/links.ts";

export type AgentCommand =
  | { readonly do: "open"; readonly link: string; readonly kind: FrameKind }
  | { readonly do: "listen"; readonly link: string; readonly kind: FrameKind; readonly addresses: readonly string[] }
  | { readonly do: "send"; readonly link: string; readonly kind: FrameKind; readonly frame: string }
  | { readonly do: "close"; readonly link: string; readonly kind: FrameKind };

export interface AgentLink {
  readonly index: number;
  readonly name: string;
  readonly mac: string | undefined;
  readonly up: boolean;
  readonly hasMaster: boolean;
  readonly addresses: readonly string[];
}

export type AgentEvent =
  | { readonly on: "links"; readonly links: readonly AgentLink[] }
  | { readonly on: "frame"; readonly link: string; readonly kind: FrameKind; readonly frame: string }
  | { readonly on: "trouble" | "error"; readonly code: string; readonly message: string }
  | { readonly on: "done"; readonly result: boolean };

if (process.argv[1] === import.meta.filename) runAgent();

function runAgent(): void {
  const sockets = new Map<string, FrameSocket>();
  const listening = new Map<string, readonly IpAddress[]>();
  let known: readonly Link[] = [];
  const frames = createPacketFrames({
    filterFor: filterPrograms,
    onTrouble: (code, message) => print({ on: "trouble", code, message }),
  });
  const watch = createLinks().watch(
    (links) => {
      known = links;
      print({ on: "links", links: links.map(describeLink) });
    },
    (error) => print(errorEvent(error)),
  );
  const commands = createInterface({ input: process.stdin });
  commands.on("line", (line) => {
    try {
      print({ on: "done", result: execute(JSON.parse(line) as AgentCommand) });
    } catch (error) {
      print(errorEvent(error));
    }
  });
  commands.on("close", () => {
    watch.close();
    for (const socket of sockets.values()) socket.close();
  });

  function execute(command: AgentCommand): boolean {
    const { link, kind } = command;
    const key = `${kind} ${link}`;
    const socket = sockets.get(key);
    switch (command.do) {
      case "open": {
        if (socket !== undefined) return true;
        const found = known.find(({ name }) => name === link) ?? { ...known[0]!, index: 999_999, name: link };
        sockets.set(
          key,
          frames.open(found, kind, (frame) => print({ on: "frame", link, kind, frame: toHex(frame) })),
        );
        return true;
      }
      case "listen": {
        const wanted = command.addresses.map((text) => parseAddress(text)!);
        const before = listening.get(key) ?? [];
        socket!.listenFor(
          wanted.filter((address) => !before.includes(address)),
          before.filter((address) => !wanted.includes(address)),
        );
        listening.set(key, wanted);
        return true;
      }
      case "send":
        return socket!.send(hex`${command.frame}`);
      case "close":
        socket!.close();
        listening.delete(key);
        return sockets.delete(key);
    }
  }
}

function describeLink({ index, name, mac, up, hasMaster, addresses }: Link): AgentLink {
  const texts = addresses.map(({ address, prefixLength }) => `${formatAddress(address)}/${prefixLength}`);
  return { index, name, mac: mac && formatMac(mac), up, hasMaster, addresses: texts };
}

function errorEvent(error: unknown): AgentEvent {
  if (error instanceof EnvironmentError) return { on: "error", code: error.code, message: error.message };
  return { on: "error", code: "bug", message: String(error) };
}

function print(event: AgentEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
