import { expect, test } from "vitest";
import { depart } from "../../src/speaker/departure.ts";
import { settle } from "../support/settle.ts";

/** What happens, in order, and how to let what is waited for end. */
function leaving(hasPeers: boolean) {
  const happened: string[] = [];
  const ends = new Map<string, () => void>();
  const wait = (what: string): Promise<void> => {
    happened.push(what);
    return new Promise((end) => ends.set(what, end));
  };
  const engine = { handOver: () => wait("hand over"), command: ({ do: what }: { do: string }) => happened.push(what) };
  const membership = { hasPeers, leave: () => wait("goodbye") };
  const end = async (what: string): Promise<void> => {
    ends.get(what)!();
    await settle();
  };
  return { happened, engine, membership, end };
}

test("addresses are given up once others have said that they have them, and know that we go", async () => {
  const { happened, engine, membership, end } = leaving(true);
  void depart(engine, membership);
  // Whoever hears the goodbye claims at once; so we are ready to hear that before.
  expect(happened).toEqual(["hand over", "goodbye"]);
  await end("goodbye");
  expect(happened).not.toContain("stop");
  await end("hand over");
  expect(happened.at(-1)).toBe("stop");
});

test("there is nothing to wait for where there is nobody else", async () => {
  const { happened, engine, membership, end } = leaving(false);
  void depart(engine, membership);
  expect(happened).toEqual(["goodbye"]);
  await end("goodbye");
  expect(happened).toEqual(["goodbye", "stop"]);
});

test("without membership it stops at once", () => {
  const { happened, engine } = leaving(false);
  void depart(engine, undefined);
  expect(happened).toEqual(["stop"]);
});
