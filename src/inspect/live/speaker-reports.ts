import type { LiveMembership } from "../../speaker/live-state.ts";
import { DOUBTS } from "../../speaker/holding-back.ts";
import type { Page } from "../render/page.ts";
import { sentence } from "../render/sections.ts";
import { counted, formatAgo } from "../render/words.ts";
import { ago } from "./address-answers.ts";
import { aliveNodes, isRead, type LiveView, type UnreadReason } from "./live-view.ts";

/** A speaker that was asked. Part of `-o json`: fields are added, never renamed. */
export interface SpeakerReport {
  readonly node: string;
  readonly pod: string;
  /** What is missing before it can do its work; absent when it is ready, and when it could not be read. */
  readonly waitingFor?: string;
  /** Absent when it could not be read, and without membership. */
  readonly standing?: LiveMembership["standing"] & { readonly secondsAgo?: number };
  /** How it sees the others; absent likewise. */
  readonly members?: MembersReport;
  /** Why not all of its state is known. */
  readonly unread?: UnreadReason;
}

/** Names alone, and only of what is odd: all of them from all speakers would be many. */
interface MembersReport {
  /** Members that count as alive, itself included. */
  readonly alive: number;
  /** Those of them that may be dead. */
  readonly suspects: readonly string[];
  /** Nodes that another sure speaker takes for a member. */
  readonly missing: readonly string[];
}

export function speakerReports(view: LiveView): readonly SpeakerReport[] {
  const alive = aliveNodes(view);
  const reports = view.map((speaker): SpeakerReport => {
    const { node, pod } = speaker;
    if (!isRead(speaker)) return { node, pod, unread: speaker.unread };
    const { now, waitingFor, membership, partial } = speaker;
    const rest = {
      ...(waitingFor === undefined ? {} : { waitingFor }),
      ...(partial === undefined ? {} : { unread: partial }),
    };
    if (membership === undefined) return { node, pod, ...rest };
    const { standing, members } = membership;
    const since = standing.kind === "sure" ? {} : { secondsAgo: ago(standing.since, now).secondsAgo };
    const seen = membersReport(members, alive instanceof Set ? alive : new Set());
    return { node, pod, standing: { ...standing, ...since }, members: seen, ...rest };
  });
  return reports.sort((a, b) => (a.node < b.node ? -1 : 1));
}

function membersReport(members: LiveMembership["members"], alive: ReadonlySet<string>): MembersReport {
  const known = new Set(members.map(({ node }) => node));
  return {
    alive: known.size,
    suspects: members.filter(({ state }) => state === "suspect").map(({ node }) => node),
    missing: [...alive].filter((node) => !known.has(node)).sort(),
  };
}

/** Speakers that are named for one reason, and nodes that one speaker finds odd; `-o json` has all of them. */
const MOST_NAMED = 5;

/** What is out of the ordinary, as lines of a section: once for all speakers to which the same happened. */
export function speakerLines(reports: readonly SpeakerReport[], page: Page): readonly string[] {
  const doubts = reports.flatMap(({ node, standing }) => {
    if (standing === undefined || standing.kind === "sure") return [];
    const { reason, holdsBack, secondsAgo = 0 } = standing;
    const consequence = holdsBack ? "answers nothing" : "goes on";
    return [`${node} ${DOUBTS[reason]}, and ${consequence} (${reason}, ${formatAgo(secondsAgo)})`];
  });
  const unready = reports.flatMap(({ node, standing, waitingFor }) => {
    const isSaid = standing?.kind === "doubtful" && standing.holdsBack;
    return waitingFor === undefined || isSaid ? [] : [`${node} is not ready: ${waitingFor}`];
  });
  const odd = reports.flatMap(({ node, standing, members }) => {
    if (standing?.kind !== "sure" || members === undefined) return [];
    const { suspects, missing } = members;
    return [
      ...(suspects.length === 0 ? [] : [`${node} suspects that ${named(suspects)} may be dead`]),
      ...(missing.length === 0
        ? []
        : [`${node} doesn't take ${named(missing)} for a member, and another speaker does`]),
    ];
  });
  const unread = Map.groupBy(
    reports.filter((report) => report.unread !== undefined),
    ({ unread }) => `${unread!.code}: ${unread!.explanation}`,
  );
  const missing = [...unread.values()].map((group) => {
    const { code, explanation, fix } = group[0]!.unread!;
    const names = named(group.map(({ pod }) => pod));
    return `not read: ${names}: ${explanation}${fix === "" ? "" : `; ${fix}`} (${code})`;
  });
  return [...doubts, ...unready, ...odd, ...missing].flatMap((text) => sentence(text, page)).map(page.paint.yellow);
}

function named(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ` and ${counted(names.length - MOST_NAMED, "more", "more")}` : "";
  return names.slice(0, MOST_NAMED).join(", ") + more;
}
