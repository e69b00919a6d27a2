import type { LiveAddress, LiveAnswer, LiveDuplicate, LiveInterface } from "../../speaker/live-state.ts";
import { isRead, type LiveView, type ReadSpeaker } from "./live-view.ts";

/** What a speaker says of an address that it owns or answers for. Part of `-o json`: fields are added, never renamed. */
export interface AddressAnswers {
  readonly node: string;
  /** Where it is answered, with which MAC; none: nowhere. */
  readonly interfaces: readonly LiveInterface[];
  /** It has given the address up, and answers until the next owner does. */
  readonly leaving: boolean;
  /** It answers nothing at present, since others may have taken its place. */
  readonly holdsBack: boolean;
  readonly lastAnswered?: LiveAnswer & Ago;
  readonly lastGratuitous?: Ago;
  /** Other stations that claimed the address, latest first. */
  readonly duplicates: readonly (LiveDuplicate & Ago)[];
}

/** A time by the speaker's clock, and how long before it was asked that was by the same clock. */
export interface Ago {
  /** RFC 3339. */
  readonly at: string;
  readonly secondsAgo: number;
}

/** By address, in its canonical form. */
export type Answers = ReadonlyMap<string, readonly AddressAnswers[]>;

/** Who answers for what, in the order of the speakers' nodes. */
export function answersIn(view: LiveView): Answers {
  const answers = new Map<string, AddressAnswers[]>();
  const speakers = view.filter(isRead).sort((a, b) => (a.node < b.node ? -1 : 1));
  for (const speaker of speakers)
    for (const address of speaker.addresses) {
      const known = answers.get(address.ip);
      if (known === undefined) answers.set(address.ip, [answersOf(address, speaker)]);
      else known.push(answersOf(address, speaker));
    }
  return answers;
}

/** Whether others hear answers from there. */
export function isAnswering({ interfaces, holdsBack }: AddressAnswers): boolean {
  return interfaces.length > 0 && !holdsBack;
}

function answersOf(address: LiveAddress, { node, now, membership }: ReadSpeaker): AddressAnswers {
  const { interfaces, services, lastAnswered, lastGratuitous, duplicates } = address;
  const standing = membership?.standing;
  return {
    node,
    interfaces,
    leaving: services.length === 0,
    holdsBack: standing?.kind === "doubtful" && standing.holdsBack,
    ...(lastAnswered === undefined ? {} : { lastAnswered: { ...lastAnswered, ...ago(lastAnswered.at, now) } }),
    ...(lastGratuitous === undefined ? {} : { lastGratuitous: ago(lastGratuitous, now) }),
    duplicates: duplicates.map((duplicate) => ({ ...duplicate, ...ago(duplicate.at, now) })),
  };
}

export function ago(at: string, now: number): Ago {
  return { at, secondsAgo: Math.max(0, Math.round((now - Date.parse(at)) / 100) / 10) };
}
