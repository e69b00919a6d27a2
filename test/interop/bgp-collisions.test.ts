import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Family } from "../../src/ip/family.ts";
import { type Need, requireOrSkip } from "../support/requirements.ts";
import { startBird } from "../support/routers/bird.ts";
import { startFrr } from "../support/routers/frr.ts";
import type { StartRouter } from "../support/routers/router.ts";
import { eventually, type Pairing, RouterLab } from "../support/routers/router-lab.ts";

const FAMILIES: readonly Family[] = ["IPv4", "IPv6"];
const LOWER = 0x0a08_0001;
const PATIENCE = 20_000;

/** Each side dominates in half of them. */
const COLLIDING: readonly Pairing[] = FAMILIES.flatMap((transport) =>
  [1, 2, 3].flatMap((number): Pairing[] => [
    { name: `${transport}, we dominate ${number}`, transport, asn: 64_512, dials: "both" },
    { name: `${transport}, it dominates ${number}`, transport, asn: 64_512, dials: "both", routerId: LOWER },
  ]),
);

/** We listen when there is a peer that has to dial. */
const PAIRINGS: readonly Pairing[] = [
  ...COLLIDING,
  { name: "it dials", transport: "IPv4", asn: 64_512, dials: "router" },
];

interface Product {
  readonly name: string;
  readonly start: StartRouter;
  readonly needs: readonly Need[];
  /** It may close the connection that is kept, too: FRR does when OPENs come on both within a moment. */
  readonly mayLoseBoth?: true;
}

describe.each<Product>([
  { name: "FRR", start: startFrr, needs: ["bin:zebra", "bin:bgpd", "bin:vtysh"], mayLoseBoth: true },
  { name: "BIRD", start: startBird, needs: ["bin:bird", "bin:birdc"] },
])("BGP collisions with $name", ({ start, needs, mayLoseBoth }) => {
  const requirement = requireOrSkip(["root", "netns", "addon", "bin:nft", "bin:ss", ...needs]);
  describe.skipIf(requirement.skip)("when both have connected before either was heard", () => {
    let lab: RouterLab;

    beforeAll(() => {
      lab = new RouterLab(start, PAIRINGS);
    });

    afterAll(() => lab.close());

    test("one connection of each pair is kept", async () => {
      const [speak, connect] = [lab.mute(), lab.holdBack()];
      await lab.start();
      await eventually(PATIENCE, async () => expect(lab.connections).toBe(PAIRINGS.length));
      connect();
      await eventually(PATIENCE, async () => expect(lab.connections).toBe(PAIRINGS.length + COLLIDING.length));
      speak();
      await lab.established(undefined, PATIENCE);
      await eventually(PATIENCE, async () => expect(lab.connections).toBe(PAIRINGS.length));
      const lost = PAIRINGS.flatMap(({ name }) => lab.speaker.lossesOf(name));
      const tolerated = mayLoseBoth ? ["the peer has closed the connection"] : [];
      expect(lost.filter((reason) => !tolerated.includes(reason))).toEqual([]);
    });
  });
});
