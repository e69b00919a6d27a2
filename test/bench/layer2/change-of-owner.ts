/** What a client notices when an address goes from one node to another. Pure. */

/** A line of `probe.c`. */
export interface Seen {
  readonly kind: "ping" | "echo" | "question" | "answer" | "claim";
  /** Milliseconds of process.hrtime's clock. */
  readonly at: number;
  readonly family: "IPv4" | "IPv6";
  readonly sequence: number;
  /** Of an answer or a claim: who it says has the address. */
  readonly mac: string;
}

export interface Change {
  /** When the cause was set off. */
  readonly at: number;
  /** MAC address of the node that answers afterwards. */
  readonly to: string;
}

/** Milliseconds, where no other unit is named. */
export interface Noticed {
  /** The longest time between two echoes in a row; pings are sent every 10 ms. */
  readonly pingGap: number;
  readonly pingsLost: number;
  /** The longest time between two answered questions of a client that knows nothing yet, asked every 10 ms. */
  readonly answerGap: number;
  /** Of those questions, so many were never answered. */
  readonly questionsLost: number;
  /** From the cause until the new owner's first claim or answer. */
  readonly claim: number;
  /** From the new owner's first claim or answer to the last answer of another; 0 when there was none. */
  readonly overlap: number;
  /** Questions that more than one node answered. */
  readonly doubleAnswers: number;
  /** Answers of others than the new owner to questions asked after its first claim. */
  readonly staleAnswers: number;
  /** How often the first answer to a question was another's again after the new owner had been first. */
  readonly alternations: number;
}

/** An echo or answer may take this long, so those at the very end are not counted. */
const PATIENCE = 200;

const LINE = /^([peqac]) (\d+) ([46]) (\d+)(?: (\S+))?$/;
const KIND = { p: "ping", e: "echo", q: "question", a: "answer", c: "claim" } as const;

export function parseSeen(line: string): Seen {
  const match = LINE.exec(line);
  if (match === null) throw new Error(`the probe printed ${JSON.stringify(line)}`);
  const [, kind, nanoseconds, family, sequence, mac = ""] = match;
  return {
    kind: KIND[kind as keyof typeof KIND],
    at: Number(nanoseconds) / 1e6,
    family: family === "4" ? "IPv4" : "IPv6",
    sequence: Number(sequence),
    mac,
  };
}

/** `seen` is what one family's probe saw from shortly before the change until things were calm again. */
export function noticed(seen: readonly Seen[], { at, to }: Change): Noticed {
  const echoes = seen.filter(({ kind }) => kind === "echo");
  const answers = seen.filter(({ kind }) => kind === "answer");
  const isNews = (event: Seen): boolean => event.mac === to && event.at >= at;
  const firstClaim = seen.find((event) => isNews(event))?.at ?? Infinity;
  const byOthers = answers.filter(({ mac }) => mac !== to);
  const questions = new Map<number, Seen[]>();
  for (const answer of answers) questions.set(answer.sequence, [...(questions.get(answer.sequence) ?? []), answer]);
  const asked = new Map(seen.filter(({ kind }) => kind === "question").map((event) => [event.sequence, event.at]));
  const askedAt = ({ sequence }: Seen): number => asked.get(sequence) ?? -Infinity;
  return {
    pingGap: longestGap(echoes),
    pingsLost: lost(seen, "ping", echoes),
    answerGap: longestGap(answers),
    questionsLost: lost(seen, "question", answers),
    claim: firstClaim - at,
    overlap: Math.max(0, (byOthers.at(-1)?.at ?? -Infinity) - firstClaim),
    doubleAnswers: [...questions.values()].filter((all) => new Set(all.map(({ mac }) => mac)).size > 1).length,
    staleAnswers: byOthers.filter((answer) => askedAt(answer) > firstClaim).length,
    alternations: alternations(
      [...questions.values()].map(([first]) => first!).sort((a, b) => askedAt(a) - askedAt(b)),
      to,
    ),
  };
}

function longestGap(events: readonly Seen[]): number {
  let longest = 0;
  for (const [i, { at }] of events.entries()) if (i > 0) longest = Math.max(longest, at - events[i - 1]!.at);
  return events.length < 2 ? Infinity : longest;
}

function lost(seen: readonly Seen[], what: "ping" | "question", replies: readonly Seen[]): number {
  const end = seen.at(-1)?.at ?? 0;
  const answered = new Set(replies.map(({ sequence }) => sequence));
  const due = seen.filter(({ kind, at }) => kind === what && at < end - PATIENCE);
  return due.filter(({ sequence }) => !answered.has(sequence)).length;
}

function alternations(firstAnswers: readonly Seen[], to: string): number {
  return firstAnswers.filter(({ mac }, i) => i > 0 && mac !== to && firstAnswers[i - 1]!.mac === to).length;
}
