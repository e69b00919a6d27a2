import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { settle } from "../../test/support/settle.ts";
import { millis, seconds } from "./duration.ts";
import { type Handled, WorkQueue } from "./work-queue.ts";

/** A queue whose handler runs until the test ends it. */
function harness(concurrency = 1, random = 0) {
  const clock = new ManualClock();
  const started: string[] = [];
  const running = new Map<string, (handled: Handled) => void>();
  const queue = new WorkQueue<string>({
    clock,
    random: { next: () => random },
    concurrency,
    handle: (key) =>
      new Promise((resolve) => {
        if (running.has(key)) throw new Error(`${key} runs twice at once`);
        started.push(key);
        running.set(key, resolve);
      }),
  });
  const end = async (key: string, handled: Handled = "done") => {
    const resolve = running.get(key)!;
    running.delete(key);
    resolve(handled);
    await settle(2);
  };
  const advance = async (by: number) => {
    clock.advance(millis(by));
    await settle(2);
  };
  return { clock, queue, started, running, end, advance };
}

describe("work queue", () => {
  test("keys are handled in order of arrival, each once, however often they were added", async () => {
    const { queue, started, end } = harness();
    for (const key of ["a", "b", "a", "c", "b"]) queue.add(key);
    await settle(2);
    await end("a");
    await end("b");
    await end("c");
    expect(started).toEqual(["a", "b", "c"]);
    expect(queue.size).toBe(0);
  });

  test("as many keys as allowed are handled at the same time", async () => {
    const { queue, started, end } = harness(2);
    for (const key of ["a", "b", "c"]) queue.add(key);
    await settle(2);
    expect(started).toEqual(["a", "b"]);
    await end("b");
    expect(started).toEqual(["a", "b", "c"]);
  });

  test("a key added while it is handled gets exactly one more turn, afterwards", async () => {
    const { queue, started, end } = harness(2);
    queue.add("a");
    await settle(2);
    queue.add("a");
    queue.add("a");
    await settle(2);
    expect(started).toEqual(["a"]);
    await end("a");
    expect(started).toEqual(["a", "a"]);
    await end("a");
    expect(queue.size).toBe(0);
  });

  test("retries wait 5 ms, 10 ms, … 60 s; success starts over", async () => {
    const { queue, started, end, advance } = harness();
    queue.add("a");
    await settle(2);
    for (const wait of [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 10_240, 20_480, 40_960, 60_000, 60_000]) {
      const before = started.length;
      await end("a", "retry");
      await advance(wait - 1);
      expect(started).toHaveLength(before);
      await advance(1);
      expect(started).toHaveLength(before + 1);
    }
    await end("a", "done");
    queue.add("a");
    await settle(2);
    await end("a", "retry");
    await advance(5);
    expect(started).toHaveLength(19);
  });

  test("jitter shortens the wait by up to a quarter", async () => {
    const { queue, started, end, advance } = harness(1, 1);
    queue.add("a");
    await settle(2);
    await end("a", "retry");
    await advance(3.75);
    expect(started).toEqual(["a", "a"]);
  });

  test("retryAfter waits as long as it says and is no failure", async () => {
    const { queue, started, end, advance } = harness();
    queue.add("a");
    await settle(2);
    await end("a", { retryAfter: seconds(7) });
    await advance(6999);
    expect(started).toEqual(["a"]);
    await advance(1);
    await end("a", "retry");
    await advance(5);
    expect(started).toEqual(["a", "a", "a"]);
  });

  test("adding ends a wait", async () => {
    const { queue, started, end, clock } = harness();
    queue.add("a");
    await settle(2);
    await end("a", { retryAfter: seconds(60) });
    queue.add("a");
    await settle(2);
    expect(started).toEqual(["a", "a"]);
    expect(clock.pending).toBe(0);
  });

  test.each([
    { name: "ready", prepare: async () => {} },
    { name: "waiting", prepare: async (h: ReturnType<typeof harness>) => h.end("a", { retryAfter: seconds(1) }) },
  ])("a forgotten key that was $name is not handled any more", async ({ prepare }) => {
    const h = harness();
    h.queue.add("a");
    await settle(2);
    await prepare(h);
    h.queue.add("b");
    h.queue.forget("a");
    if (h.running.has("a")) await h.end("a", "retry");
    await h.advance(120_000);
    expect(h.started.filter((key) => key === "a")).toHaveLength(1);
    expect(h.started).toContain("b");
  });

  test("close starts nothing more and waits for what runs", async () => {
    const { queue, started, end, clock } = harness();
    queue.add("a");
    queue.add("b");
    await settle(2);
    let closed = false;
    void queue.close().then(() => (closed = true));
    await settle(2);
    expect(closed).toBe(false);
    queue.add("c");
    await end("a", "retry");
    expect(closed).toBe(true);
    expect(started).toEqual(["a"]);
    expect(clock.pending).toBe(0);
  });

  test("property: no key runs twice at once, none is lost, concurrency is kept", async () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant("add" as const), key: fc.constantFrom("a", "b", "c", "d") }),
      fc.record({ do: fc.constant("end" as const), handled: fc.constantFrom<Handled>("done", "retry") }),
      fc.record({ do: fc.constant("advance" as const), by: fc.integer({ min: 1, max: 1000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (actions, limit) => {
        const h = harness(limit);
        /** Keys that were added after their last turn began. */
        const owed = new Set<string>();
        let seen = 0;
        for (const action of actions) {
          if (action.do === "add") {
            h.queue.add(action.key);
            owed.add(action.key);
            await settle(1);
          } else if (action.do === "advance") await h.advance(action.by);
          else {
            const [key] = h.running.keys();
            if (key !== undefined) await h.end(key, action.handled);
          }
          expect(h.running.size).toBeLessThanOrEqual(limit);
          for (; seen < h.started.length; seen++) owed.delete(h.started[seen]!);
        }
        while (h.running.size > 0) await h.end([...h.running.keys()][0]!, "done");
        for (; seen < h.started.length; seen++) owed.delete(h.started[seen]!);
        expect([...owed]).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
