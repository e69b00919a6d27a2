/** `npm run bench`: prints one JSON object. Figures compare things within this one run; they are not timed tests. */
import { cpus } from "node:os";
import { benchAllocator } from "./allocator.ts";
import { benchApiServer } from "./api-server.ts";
import { benchArp } from "./arp.ts";
import { benchBgpPlan } from "./bgp-plan.ts";
import { benchBgpRib } from "./bgp-rib.ts";
import { benchBgpWire } from "./bgp-wire.ts";
import { benchLayer2Engine } from "./layer2-engine.ts";
import { benchMembership } from "./membership.ts";

process.stdout.write(
  `${JSON.stringify(
    {
      node: process.version,
      cpus: cpus().map((cpu) => cpu.model),
      allocator: benchAllocator(),
      layer2Engine: benchLayer2Engine(),
      membership: benchMembership(),
      bgpWire: benchBgpWire(),
      bgpRib: benchBgpRib(),
      bgpPlan: benchBgpPlan(),
      arp: await benchArp(),
      apiServer: await benchApiServer(),
    },
    null,
    2,
  )}\n`,
);
