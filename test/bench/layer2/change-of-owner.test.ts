import { describe, expect, test } from "vitest";
import { noticed, parseSeen, type Seen } from "./change-of-owner.ts";

const OLD = "02:00:00:00:00:11";
const NEW = "02:00:00:00:00:12";

const NOTHING = {
  pingGap: 10,
  pingsLost: 0,
  answerGap: 10,
  questionsLost: 0,
  overlap: 0,
  doubleAnswers: 0,
  staleAnswers: 0,
  alternations: 0,
};

/**
 * A second of pings and questions, every 10 ms from 0 on. `answerers` gives the nodes that answer the question of a
 * moment; `reached` whether its ping comes back. The cause is at 100 ms.
 */
function second(answerers: (at: number) => readonly string[], reached: (at: number) => boolean = () => true): Seen[] {
  const seen: Seen[] = [];
  for (let sequence = 0; sequence < 100; sequence++) {
    const at = sequence * 10;
    const event = (kind: Seen["kind"], after: number, mac = ""): void =>
      void seen.push({ kind, at: at + after, family: "IPv4", sequence, mac });
    event("ping", 0);
    event("question", 0);
    if (reached(at)) event("echo", 1);
    for (const [i, mac] of answerers(at).entries()) event("answer", 1 + i, mac);
  }
  return seen;
}

const change = { at: 100, to: NEW };

describe("what a client notices", () => {
  test("a change from one question to the next", () => {
    expect(
      noticed(
        second((at) => [at < 200 ? OLD : NEW]),
        change,
      ),
    ).toEqual({ ...NOTHING, claim: 101 });
  });

  test("a claim before the first answer", () => {
    const seen = second((at) => [at < 200 ? OLD : NEW]);
    const claim: Seen = { kind: "claim", at: 195, family: "IPv4", sequence: 0, mac: NEW };
    const withClaim = [...seen, claim].sort((a, b) => a.at - b.at);
    expect(noticed(withClaim, change)).toEqual({ ...NOTHING, claim: 95 });
  });

  test("silence for half a second, and lost pings", () => {
    const seen = second(
      (at) => (at < 100 ? [OLD] : at < 600 ? [] : [NEW]),
      (at) => at < 100 || at >= 620,
    );
    const noticedHere = { ...NOTHING, claim: 501, pingGap: 530, pingsLost: 52, answerGap: 510, questionsLost: 50 };
    expect(noticed(seen, change)).toEqual(noticedHere);
  });

  test("pings at the very end are not lost yet", () => {
    expect(
      noticed(
        second(
          (at) => [at < 200 ? OLD : NEW],
          (at) => at < 900,
        ),
        change,
      ),
    ).toMatchObject({ pingsLost: 0 });
  });

  test("two that answer the same questions", () => {
    const seen = second((at) => (at < 200 ? [OLD] : at < 230 ? [NEW, OLD] : [NEW]));
    const overlapping = { overlap: 21, doubleAnswers: 3, staleAnswers: 2, alternations: 0 };
    expect(noticed(seen, change)).toEqual({ ...NOTHING, claim: 101, ...overlapping });
  });

  test("answers by turns", () => {
    const seen = second((at) => [at < 200 || at === 220 || at === 240 ? OLD : NEW]);
    const alternating = { overlap: 40, staleAnswers: 2, alternations: 2 };
    expect(noticed(seen, change)).toEqual({ ...NOTHING, claim: 101, ...alternating });
  });

  test("an answer that comes late to an early question", () => {
    const seen = second((at) => [at < 200 ? OLD : NEW]);
    const late = seen.map((event) =>
      event.kind === "answer" && event.sequence === 19 ? { ...event, at: 203 } : event,
    );
    const ordered = late.toSorted((a, b) => a.at - b.at);
    expect(noticed(ordered, change)).toMatchObject({ overlap: 2, staleAnswers: 0, alternations: 0 });
  });

  test("a node that answers again after its end was claimed", () => {
    const seen = second((at) => [at < 200 || at === 900 ? OLD : NEW]);
    expect(noticed(seen, change)).toMatchObject({ overlap: 700, staleAnswers: 1, alternations: 1 });
  });

  test("no new owner at all", () => {
    expect(
      noticed(
        second(() => [OLD]),
        change,
      ),
    ).toEqual({ ...NOTHING, claim: Infinity });
  });
});

test.each([
  { line: "p 1500000 4 7", seen: { kind: "ping", at: 1.5, family: "IPv4", sequence: 7, mac: "" } },
  { line: `a 2000000 6 65535 ${NEW}`, seen: { kind: "answer", at: 2, family: "IPv6", sequence: 65_535, mac: NEW } },
  { line: `c 3000000 4 0 ${OLD}`, seen: { kind: "claim", at: 3, family: "IPv4", sequence: 0, mac: OLD } },
])("a line of the probe: $line", ({ line, seen }) => {
  expect(parseSeen(line)).toEqual(seen);
});

test("a line that is none", () => {
  expect(() => parseSeen("a 2000000 5 1")).toThrow('the probe printed "a 2000000 5 1"');
});
