import { fieldsOf, itemsOf, textOf } from "../../config/fields.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import {
  type LiveAddress,
  type LiveMembership,
  type LiveStanding,
  type LiveState,
  STATE_VERSION,
} from "../../speaker/live-state.ts";
import { parseLiveBgp } from "./parse-live-bgp.ts";

/** More than a page has, and more than any cluster. */
const MOST = 100_000;

const LONGEST_REASON = 2000;

type Doubt = LiveStanding & { readonly kind: "doubtful" };
type DoubtReason = Doubt["reason"];

const REASONS: Readonly<Record<DoubtReason, true>> = {
  joining: true,
  paused: true,
  silence: true,
  "declared-dead": true,
};

/**
 * A page of a speaker's state from what a Pod sent, which may be anybody's. What is missing or of the wrong type counts
 * as absent; the error is for people.
 */
export function parseLiveState(text: string): Result<LiveState, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return err(`it is not JSON: ${text.slice(0, 100)}`);
  }
  const { apiVersion, kind, node, now, waitingFor, membership, layer2, bgp, continue: more } = fieldsOf(parsed);
  if (kind !== "SpeakerState") return err("it is not a SpeakerState");
  if (apiVersion !== STATE_VERSION)
    return err(`its version is ${textOf(apiVersion) ?? "unknown"}, not ${STATE_VERSION}`);
  const at = timeOf(now);
  if (at === undefined) return err("it doesn't say when it was made");
  const next = textOf(more);
  const missing = textOf(waitingFor, LONGEST_REASON);
  return ok({
    apiVersion: STATE_VERSION,
    kind: "SpeakerState",
    node: textOf(node) ?? "",
    now: at,
    ...(missing === undefined ? {} : { waitingFor: missing }),
    ...(membership === undefined ? {} : { membership: membershipOf(membership, at) }),
    layer2: itemsOf(layer2, MOST).flatMap(addressOf),
    ...(bgp === undefined ? {} : { bgp: parseLiveBgp(bgp) }),
    ...(next === undefined ? {} : { continue: next }),
  });
}

function membershipOf(value: unknown, now: string): LiveMembership {
  const { standing, members } = fieldsOf(value);
  return {
    standing: standingOf(standing, now),
    members: itemsOf(members, MOST).flatMap((member) => {
      const { node, address, state } = fieldsOf(member);
      const name = textOf(node);
      const suspect = state === "suspect" ? ("suspect" as const) : ("alive" as const);
      return name === undefined ? [] : [{ node: name, address: textOf(address) ?? "", state: suspect }];
    }),
  };
}

/** What is not understood is no reason to be sure. */
function standingOf(value: unknown, now: string): LiveStanding {
  const { kind, reason, since, holdsBack } = fieldsOf(value);
  if (kind === "sure") return { kind };
  const known = Object.hasOwn(REASONS, textOf(reason) ?? "") ? (reason as DoubtReason) : "joining";
  return { kind: "doubtful", reason: known, since: timeOf(since) ?? now, holdsBack: holdsBack !== false };
}

function addressOf(value: unknown): readonly LiveAddress[] {
  const { ip, services, interfaces, lastAnswered, lastGratuitous, duplicates } = fieldsOf(value);
  const address = textOf(ip);
  if (address === undefined) return [];
  const gratuitous = timeOf(lastGratuitous);
  return [
    {
      ip: address,
      services: itemsOf(services, MOST).flatMap((service) => textOf(service) ?? []),
      interfaces: itemsOf(interfaces, MOST).flatMap((entry) => {
        const { name, mac, noSubnet } = fieldsOf(entry);
        const stray = noSubnet === true ? ({ noSubnet } as const) : {};
        return textOf(name) === undefined ? [] : [{ name: textOf(name)!, mac: textOf(mac) ?? "", ...stray }];
      }),
      ...answerOf(lastAnswered),
      ...(gratuitous === undefined ? {} : { lastGratuitous: gratuitous }),
      duplicates: itemsOf(duplicates, MOST).flatMap((duplicate) => {
        const { mac, interface: on, at } = fieldsOf(duplicate);
        const time = timeOf(at);
        return time === undefined ? [] : [{ mac: textOf(mac) ?? "", interface: textOf(on) ?? "", at: time }];
      }),
    },
  ];
}

function answerOf(value: unknown): Pick<LiveAddress, "lastAnswered"> {
  const { at, interface: on, to } = fieldsOf(value);
  const time = timeOf(at);
  return time === undefined ? {} : { lastAnswered: { at: time, interface: textOf(on) ?? "", to: textOf(to) ?? "" } };
}

function timeOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text === undefined || Number.isNaN(Date.parse(text)) ? undefined : text;
}
