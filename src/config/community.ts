import type { Result } from "../lib/result.ts";
import { err, ok } from "../lib/result.ts";

/** A BGP community, independent of how it is encoded. */
export type Community =
  /** RFC 1997: two 16-bit numbers. */
  | { readonly is: "standard"; readonly asn: number; readonly value: number }
  /** RFC 8092: three 32-bit numbers. */
  | { readonly is: "large"; readonly asn: number; readonly data1: number; readonly data2: number };

export interface CommunityProblem {
  /** `format`: no community at all, so it may be an alias; `value`: a community with a mistake. */
  readonly is: "format" | "value";
  readonly message: string;
}

const UINT16_MAX = 0xffff;
const UINT32_MAX = 0xffff_ffff;

/** Names by which advertisements may use registered communities without defining an alias. */
const WELL_KNOWN: Readonly<Record<string, Community>> = {
  "graceful-shutdown": wellKnown(0x0000), // RFC 8326
  blackhole: wellKnown(0x029a), // RFC 7999
  "no-export": wellKnown(0xff01), // RFC 1997
  "no-advertise": wellKnown(0xff02), // RFC 1997
  "no-export-subconfed": wellKnown(0xff03), // RFC 1997
  "no-peer": wellKnown(0xff04), // RFC 3765
};

/** Registered ones all have 65535 in their upper half. */
function wellKnown(value: number): Community {
  return { is: "standard", asn: UINT16_MAX, value };
}

export function wellKnownCommunity(name: string): Community | undefined {
  return Object.hasOwn(WELL_KNOWN, name) ? WELL_KNOWN[name] : undefined;
}

/** A literal: `65000:100`, or `large:65000:1:2`. */
export function parseCommunity(text: string): Result<Community, CommunityProblem> {
  const parts = text.split(":", 5);
  if (parts.length === 2) {
    const [asn, value] = parts.map((part) => parseUint(part, UINT16_MAX));
    if (asn === undefined || value === undefined) return badSection(text, parts, UINT16_MAX);
    return ok({ is: "standard", asn, value });
  }
  if (parts.length !== 4) return err({ is: "format", message: `invalid community format: ${quote(text)}` });
  const [marker, ...sections] = parts;
  if (marker !== "large") {
    const message = `invalid community value: ${quote(text)}: expected community to be of format large:A:B:C`;
    return err({ is: "value", message });
  }
  const [asn, data1, data2] = sections.map((part) => parseUint(part, UINT32_MAX));
  if (asn === undefined || data1 === undefined || data2 === undefined) return badSection(text, sections, UINT32_MAX);
  return ok({ is: "large", asn, data1, data2 });
}

export function formatCommunity(community: Community): string {
  if (community.is === "standard") return `${community.asn}:${community.value}`;
  return `large:${community.asn}:${community.data1}:${community.data2}`;
}

/** The order in which communities are sent: a standard one is compared as its 32-bit value, followed by two zeros. */
export function compareCommunities(a: Community, b: Community): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const at = left.findIndex((number, i) => number !== right[i]);
  return at < 0 ? 0 : left[at]! - right[at]!;
}

function numbersOf(community: Community): readonly number[] {
  if (community.is === "standard") return [community.asn * 0x1_0000 + community.value, 0, 0];
  return [community.asn, community.data1, community.data2];
}

/** Decimal digits only; leading zeros are allowed, as in Go. */
function parseUint(text: string, max: number): number | undefined {
  if (!/^[0-9]{1,20}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

function badSection(text: string, sections: readonly string[], max: number): Result<never, CommunityProblem> {
  const bad = sections.find((section) => parseUint(section, max) === undefined) ?? "";
  const why = `${quote(bad)} of ${quote(text)} is not a number from 0 to ${max}`;
  return err({ is: "value", message: `invalid community value: invalid section: ${why}` });
}

function quote(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 80)}…`);
}
