import type { IpAddress } from "../ip/address.ts";
import { familyOf, formatAddress, parseAddress } from "../ip/address.ts";
import { familyBits } from "../ip/family.ts";
import { parsePrefix, prefixRange } from "../ip/prefix.ts";
import type { IpRange } from "../ip/range.ts";
import { rangesOverlap } from "../ip/range.ts";
import type { Result } from "../lib/result.ts";
import { err, ok } from "../lib/result.ts";

export interface AddressProblem {
  readonly message: string;
  readonly fix: string;
}

/** Two addresses and a dash take at most 45 + 1 + 45 characters, and people put spaces around the dash. */
const LONGEST = 128;

/** IPv6 addresses that stand for IPv4 ones (RFC 4291 §2.5.5.2) and never occur on the wire. */
const MAPPED: IpRange = { first: (0xffffn << 32n) as IpAddress, last: ((0xffffn << 32n) | 0xffff_ffffn) as IpAddress };

/** An entry of `spec.addresses`: a CIDR, whose host bits are masked off, or `first-last`. */
export function parseAddresses(text: string): Result<IpRange, AddressProblem> {
  if (text.length > LONGEST)
    return problem(`an entry of ${text.length} characters is neither a CIDR nor a range`, "split it into entries");
  const range = text.includes("-") ? parseRange(text) : parseCidr(text);
  if (!range.ok || familyOf(range.value.first) === "IPv4") return range;
  if (rangesOverlap(range.value, MAPPED))
    return problem(`${quote(text)} contains the IPv4-mapped addresses ::ffff:0:0/96`, "leave that block out");
  return range;
}

function parseCidr(text: string): Result<IpRange, AddressProblem> {
  const prefix = parsePrefix(text);
  if (prefix === undefined) return problem(`invalid CIDR ${quote(text)}`, cidrFix(text));
  if (text.includes(":") && familyOf(prefix.address) === "IPv4")
    return problem(`invalid CIDR ${quote(text)}: an IPv4-mapped IPv6 address`, "write it as an IPv4 CIDR");
  return ok(prefixRange(prefix));
}

function cidrFix(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== text) return `remove the spaces around ${quote(trimmed)}`;
  const address = parseAddress(text);
  if (address !== undefined) return `for a single address write "${text}/${familyBits(familyOf(address))}"`;
  return "write a CIDR such as 192.168.10.0/24 or fd00::/64, or a range such as 192.168.10.50-192.168.10.60";
}

function parseRange(text: string): Result<IpRange, AddressProblem> {
  const dash = text.indexOf("-");
  const first = parseAddress(text.slice(0, dash).trim());
  const last = parseAddress(text.slice(dash + 1).trim());
  if (first === undefined || last === undefined) {
    const side = first === undefined ? "start" : "end";
    return problem(`invalid range ${quote(text)}: its ${side} is not an IP address`, "write first-last, without masks");
  }
  if (familyOf(first) !== familyOf(last))
    return problem(`invalid range ${quote(text)}: it mixes IPv4 and IPv6`, "write one range for each family");
  if (first > last) {
    const fix = `write "${formatAddress(last)}-${formatAddress(first)}"`;
    return problem(`invalid range ${quote(text)}: its start is above its end`, fix);
  }
  return ok({ first, last });
}

function problem(message: string, fix: string): Result<never, AddressProblem> {
  return err({ message, fix });
}

function quote(text: string): string {
  return JSON.stringify(text);
}
