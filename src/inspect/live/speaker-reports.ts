import type { LiveMembership } from "../../speaker/live-state.ts";
import { DOUBTS } from "../../speaker/holding-back.ts";
import type { Page } from "../render/page.ts";
import { sentence } from "../render/sections.ts";
import { counted, formatAgo } from "../render/words.ts";
import { ago } from "./address-answers.ts";
import { isRead, type LiveView, type UnreadReason } from "./live-view.ts";

/** A speaker that was asked. Part of `-o json`: fields are added, never renamed. */
export interface SpeakerReport {
  readonly node: string;
  readonly pod: string;
  /** Absent when it could not be read, and without membership. */
  readonly standing?: LiveMembership["standing"] & { readonly secondsAgo?: number };
  /** Whom it takes for members; absent likewise. */
  readonly members?: LiveMembership["members"];
  /** Why not all of its state is known. */
  readonly unread?: UnreadReason;
}

export function speakerReports(view: LiveView): readonly SpeakerReport[] {
  const reports = view.map((speaker): SpeakerReport => {
    const { node, pod } = speaker;
    if (!isRead(speaker)) return { node, pod, unread: speaker.unread };
    const { now, membership, partial } = speaker;
    const unread = partial === undefined ? {} : { unread: partial };
    if (membership === undefined) return { node, pod, ...unread };
    const { standing, members } = membership;
    const since = standing.kind === "sure" ? {} : { secondsAgo: ago(standing.since, now).secondsAgo };
    return { node, pod, standing: { ...standing, ...since }, members, ...unread };
  });
  return reports.sort((a, b) => (a.node < b.node ? -1 : 1));
}

/** Speakers that are named for one reason; `-o json` has all of them. */
const MOST_NAMED = 5;

/** What is out of the ordinary, as lines of a section: once for all speakers to which the same happened. */
export function speakerLines(reports: readonly SpeakerReport[], page: Page): readonly string[] {
  const doubts = reports.flatMap(({ node, standing }) => {
    if (standing === undefined || standing.kind === "sure") return [];
    const { reason, holdsBack, secondsAgo = 0 } = standing;
    const consequence = holdsBack ? "answers nothing" : "goes on";
    return [`${node} ${DOUBTS[reason]}, and ${consequence} (${reason}, ${formatAgo(secondsAgo)})`];
  });
  const unread = Map.groupBy(
    reports.filter((report) => report.unread !== undefined),
    ({ unread }) => `${unread!.code}: ${unread!.explanation}`,
  );
  const missing = [...unread.values()].map((group) => {
    const { code, explanation, fix } = group[0]!.unread!;
    const names = group.slice(0, MOST_NAMED).map(({ pod }) => pod);
    const more = group.length > MOST_NAMED ? ` and ${counted(group.length - MOST_NAMED, "more", "more")}` : "";
    return `not read: ${names.join(", ")}${more}: ${explanation}${fix === "" ? "" : `; ${fix}`} (${code})`;
  });
  return [...doubts, ...missing].flatMap((text) => sentence(text, page)).map(page.paint.yellow);
}
