import type { ChangeCommand } from "./change-process.ts";
import { LineProcess } from "./line-process.ts";
import { BenchLink } from "./link.ts";
import { type Spread, spread } from "../layer2/quantiles.ts";
import type { SinkCommand } from "./sink-process.ts";
import { until } from "./until.ts";

export interface ChangeFigures {
  readonly services: number;
  readonly changes: number;
  /** From a Service's new status until the UPDATE is read by the receiver, milliseconds. */
  readonly withdrawn: Spread;
  readonly announced: Spread;
}

const SERVICES = 10_000;
const EVERY_MS = 3;
/** What the compiler has not seen often enough is slow at first. */
const WARM_UP = 1000;

/** One Service's status among many, from the speaker hearing of it to the wire. The receiver is one of ours, which only looks at its clock. */
export async function benchChange(changes: number): Promise<ChangeFigures> {
  const link = new BenchLink();
  try {
    const peer = link.benchPeers()[0]!;
    const sink = await LineProcess.start<SinkCommand>(link.network, link.receiver, "sink-process.ts");
    await sink.ask({ do: "listen", address: peer.address, asn: peer.asn });
    const speaker = await LineProcess.start<ChangeCommand>(link.network, link.sender, "change-process.ts");
    await speaker.ask({ do: "begin", services: SERVICES, peer });
    await until("the receiver was told", 30_000, async () => (await speaker.ask<number>({ do: "told" })) === SERVICES);
    const measure = async (count: number): Promise<readonly number[]> => {
      await new Promise((lapse) => setTimeout(lapse, 500));
      await sink.ask({ do: "times" });
      const said = await speaker.ask<readonly number[]>({ do: "change", count, everyMs: EVERY_MS });
      await new Promise((lapse) => setTimeout(lapse, 500));
      const came = await sink.ask<readonly number[]>({ do: "times" });
      if (came.length !== count) throw new Error(`${came.length} UPDATEs for ${count} changes`);
      return came.map((time, i) => time - said[i]!);
    };
    await measure(WARM_UP);
    const latencies = await measure(changes);
    return {
      services: SERVICES,
      changes,
      withdrawn: spread(
        latencies.filter((_, i) => i % 2 === 0),
        3,
      ),
      announced: spread(
        latencies.filter((_, i) => i % 2 === 1),
        3,
      ),
    };
  } finally {
    link.close();
  }
}
