import type { Family } from "../../ip/family.ts";
import { errorMessage, MalformedError } from "../../lib/errors.ts";
import { unicastFamily } from "../address-family.ts";
import type { Reach, Unreach, Update } from "../message.ts";
import { UPDATE_ERROR } from "../notification.ts";
import type { PathAttributes } from "../path-attributes.ts";
import { ATTRIBUTE } from "./attribute-codes.ts";
import { type AttributeDraft, ATTRIBUTES } from "./attribute-table.ts";
import { decodeAttributes, type DecodedAttributes, updateFault } from "./decode-attributes.ts";
import { decodeReach, decodeUnreach, tableOf } from "./multiprotocol.ts";
import { decodePrefixes } from "./nlri.ts";
import type { WireOptions } from "./options.ts";
import { UpdateProblems } from "./update-problems.ts";

/** Lengths of withdrawn routes and of attributes, two bytes each. */
const LENGTH_FIELDS = 4;

/** AFI and SAFI of MP_REACH_NLRI and MP_UNREACH_NLRI. */
const TABLE_LENGTH = 3;

/** An UPDATE that is still being put together. */
type UpdateDraft = { -readonly [K in keyof Update]: Update[K] };

/**
 * Body of an UPDATE (RFC 4271 §4.3), of at least 4 bytes, with the error handling of RFC 7606. Throws what ends the
 * session; a MalformedError that is no fault is an invalid network field.
 */
export function decodeUpdate(body: Uint8Array, options: WireOptions): Update {
  if (isEndOfRib(body)) return { type: "update", withdrawn: [], announced: [], endOfRib: "IPv4" };
  const sections = cut(body);
  const problems = new UpdateProblems();
  const withdrawn = decodePrefixes(sections.withdrawn, "IPv4");
  const announced = decodePrefixes(sections.announced, "IPv4");
  const decoded = decodeAttributes(sections.attributes, options, problems);
  const update: UpdateDraft = { type: "update", withdrawn, announced, ...decodeTables(decoded, problems) };
  if (announcesRoutes(update, decoded)) {
    const attributes = completeAttributes(decoded.draft, announced.length > 0, problems);
    if (attributes !== undefined) update.attributes = attributes;
  } else if (problems.withdrawing !== undefined) {
    // RFC 7606 §5.2: attributes of no routes, and with errors: the routes may have been lost among them.
    throw problems.withdrawing;
  }
  const { unreach } = update;
  if (decoded.count === 1 && unreach?.prefixes.length === 0 && withdrawn.length + announced.length === 0) {
    return { type: "update", withdrawn, announced, endOfRib: unreach.family };
  }
  const revised = problems.revised();
  return revised === undefined ? update : { ...update, revised };
}

function decodeTables(decoded: DecodedAttributes, problems: UpdateProblems): Pick<Update, "reach" | "unreach"> {
  const reach = decodeTable(decoded.reach, decodeReach, problems);
  const unreach = decodeTable(decoded.unreach, decodeUnreach, problems);
  return { ...(reach !== undefined && { reach }), ...(unreach !== undefined && { unreach }) };
}

/** What is in MP_REACH_NLRI counts as routes, too, if it could not be read. */
function announcesRoutes({ announced, reach }: Update, decoded: DecodedAttributes): boolean {
  return announced.length > 0 || (decoded.reach !== undefined && reach?.prefixes.length !== 0);
}

/** RFC 4724 §2: the shortest UPDATE there is. */
function isEndOfRib(body: Uint8Array): boolean {
  return body.length === LENGTH_FIELDS && body.every((byte) => byte === 0);
}

interface Sections {
  readonly withdrawn: Uint8Array;
  readonly attributes: Uint8Array;
  readonly announced: Uint8Array;
}

/** RFC 4271 §6.3, first paragraph. */
function cut(body: Uint8Array): Sections {
  const withdrawnLength = (body[0]! << 8) | body[1]!;
  const at = 2 + withdrawnLength;
  const attributesLength = at + 2 <= body.length ? (body[at]! << 8) | body[at + 1]! : Infinity;
  const end = at + 2 + attributesLength;
  if (end > body.length) {
    const text = `lengths of ${withdrawnLength} and ${attributesLength} bytes in a body of ${body.length}`;
    throw updateFault(UPDATE_ERROR.MALFORMED_ATTRIBUTE_LIST, text);
  }
  return { withdrawn: body.subarray(2, at), attributes: body.subarray(at + 2, end), announced: body.subarray(end) };
}

/**
 * Routes of a unicast table. What can't be read disables the table (RFC 7606 §5.3, §7.11, RFC 4760 §7); if it doesn't
 * even say which, the session ends. Other tables were never agreed on, and are ignored.
 */
function decodeTable<T extends Reach | Unreach>(
  value: Uint8Array | undefined,
  read: (value: Uint8Array, family: Family) => T,
  problems: UpdateProblems,
): T | undefined {
  if (value === undefined) return undefined;
  if (value.length < TABLE_LENGTH) {
    throw updateFault(UPDATE_ERROR.OPTIONAL_ATTRIBUTE, `routes of a table in ${value.length} bytes`);
  }
  const table = tableOf(value);
  const family = unicastFamily(table);
  if (family === undefined) {
    problems.ignored(`routes of AFI ${table.afi} SAFI ${table.safi} are ignored`);
    return undefined;
  }
  try {
    return read(value, family);
  } catch (thrown) {
    if (!(thrown instanceof MalformedError)) throw thrown;
    problems.disable(table, errorMessage(thrown));
    return undefined;
  }
}

/** The attributes of announced routes; undefined if they are to be taken as withdrawn. */
function completeAttributes(
  draft: AttributeDraft,
  classic: boolean,
  problems: UpdateProblems,
): PathAttributes | undefined {
  const { origin, asPath, nextHop, ...others } = draft;
  // What is malformed is missing, too, and has been told already.
  if (problems.withdrawing !== undefined) return undefined;
  if (origin === undefined) problems.treatAsWithdraw(missing(ATTRIBUTE.ORIGIN));
  if (asPath === undefined) problems.treatAsWithdraw(missing(ATTRIBUTE.AS_PATH));
  if (classic && nextHop === undefined) problems.treatAsWithdraw(missing(ATTRIBUTE.NEXT_HOP));
  if (origin === undefined || asPath === undefined || problems.withdrawing !== undefined) return undefined;
  return {
    communities: [],
    largeCommunities: [],
    extendedCommunities: [],
    unknown: [],
    ...others,
    origin,
    asPath,
    // Routes in MP_REACH_NLRI have a next hop of their own (RFC 4760 §3).
    ...(classic && nextHop !== undefined && { nextHop }),
  };
}

/** RFC 7606 §3 d. */
function missing(type: number): MalformedError {
  return updateFault(UPDATE_ERROR.MISSING_WELL_KNOWN, `${ATTRIBUTES[type]!.name} is missing`, Uint8Array.of(type));
}
