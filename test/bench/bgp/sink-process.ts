/** A receiver of BGP as a process: takes one session at a time, and writes down when each UPDATE came. */
import { createServer } from "node:net";
import { afiOf, SAFI } from "../../../src/bgp/address-family.ts";
import { encode } from "../../../src/bgp/wire/encode.ts";
import { Framer } from "../../../src/bgp/wire/framer.ts";
import { answerLines } from "./line-process.ts";
import { monotonicNow } from "./monotonic.ts";
import { MESSAGE } from "./wire-capture.ts";

export type SinkCommand =
  | { readonly do: "listen"; readonly address: string; readonly asn: number }
  /** Answered with the times of all UPDATEs since it was last asked. */
  | { readonly do: "times" };

const OPTIONS = { fourOctetAs: true, extendedMessages: false };
const PORT = 179;

let times: number[] = [];

answerLines((command: SinkCommand) => {
  switch (command.do) {
    case "listen":
      return listen(command.address, command.asn);
    case "times":
      return times.splice(0);
  }
});

function listen(address: string, asn: number): Promise<void> {
  const keepalive = encode({ type: "keepalive" }, OPTIONS);
  const multiprotocol = (["IPv4", "IPv6"] as const).map(
    (family) => ({ is: "multiprotocol", afi: afiOf(family), safi: SAFI.UNICAST }) as const,
  );
  const capabilities = [...multiprotocol, { is: "four-octet-as", asn } as const];
  const open = encode({ type: "open", version: 4, asn, holdTime: 180, routerId: 0x0a09_0001, capabilities }, OPTIONS);
  const server = createServer({ noDelay: true }, (socket) => {
    const framer = new Framer();
    times = [];
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      const at = monotonicNow();
      framer.push(chunk);
      for (let next = framer.next(OPTIONS); next?.ok; next = framer.next(OPTIONS)) {
        const type = next.value[18];
        if (type === MESSAGE.UPDATE) times.push(at);
        if (type === MESSAGE.OPEN) socket.write(open);
        if (type === MESSAGE.OPEN || type === MESSAGE.KEEPALIVE) socket.write(keepalive);
      }
    });
  });
  return new Promise((done) => server.listen(PORT, address, done));
}
