import { beforeAll, describe, expect, test } from "vitest";
import { benchFailover, type FailoverReport } from "../bench/layer2/failover.ts";
import { requireOrSkip } from "../support/requirements.ts";

const KINDS = ["killed", "silentDrop", "stopped", "moved"];

/** What the benchmark measures has to be true on a busy machine too, only slower. */
describe.skipIf(requireOrSkip(["root", "netns", "addon", "bin:cc"]).skip)("a client that pings and asks", () => {
  let kinds: FailoverReport["kinds"];

  let failures: string;

  beforeAll(async () => {
    const said: string[] = [];
    const { kinds: measured, missed } = await benchFailover({ runs: 1, kinds: KINDS }, (line) => said.push(line));
    kinds = measured;
    failures = [...missed, ...said].join("\n");
  });

  test("sees each change through to its end", () => {
    const runs = KINDS.map((name) => kinds[name]?.away.IPv4.runs ?? 0);
    expect({ runs, failures }).toMatchObject({ runs: KINDS.map(() => 1) });
  });

  const families = ["IPv4", "IPv6"] as const;
  const rows = (names: readonly string[]) => names.flatMap((name) => families.map((family) => ({ name, family })));

  test.each(rows(["killed"]))("loses nothing on $family when a speaker is $name", ({ name, family }) => {
    const { away } = kinds[name]!;
    expect(away[family].pingsLost.total).toBe(0);
    expect(away[family].answerGap.max).toBeGreaterThan(100);
    expect(away[family].answerGap.max).toBeLessThan(5000);
  });

  test.each(families)("loses pings on %s while a node is cut off, and not for long", (family) => {
    const { away } = kinds["silentDrop"]!;
    expect(away[family].pingsLost.total).toBeGreaterThan(10);
    expect(away[family].pingGap.max).toBeLessThan(5000);
  });

  test.each(rows(["stopped", "moved"]))("loses nothing on $family when an address is $name", ({ name, family }) => {
    const { away } = kinds[name]!;
    expect(away[family].pingsLost.total).toBe(0);
    expect(away[family].answerGap.max).toBeLessThan(1000);
  });

  test.each(rows(KINDS))("hears no former owner on $family long after it was $name", ({ name, family }) => {
    for (const { [family]: summary } of [kinds[name]!.away, kinds[name]!.back ?? kinds[name]!.away]) {
      expect(summary.overlap.max).toBeLessThan(500);
      expect(summary.claim.max).toBeLessThan(10_000);
    }
  });
});
