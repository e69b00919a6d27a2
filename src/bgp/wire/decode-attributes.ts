import { copyBytes } from "../../bytes/copy.ts";
import { errorMessage, MalformedError } from "../../lib/errors.ts";
import { AS_TRANS } from "../message.ts";
import { NOTIFICATION, UPDATE_ERROR } from "../notification.ts";
import type { UnknownAttribute } from "../path-attributes.ts";
import { mergeAs4Path } from "./as-path.ts";
import { ATTRIBUTE, FLAG, KIND } from "./attribute-codes.ts";
import { type AttributeDraft, type AttributeSpec, ATTRIBUTES } from "./attribute-table.ts";
import { fault } from "./fault.ts";
import type { WireOptions } from "./options.ts";
import type { UpdateProblems } from "./update-problems.ts";

/** Optional and transitive bits; the others don't tell kinds of attributes apart. */
const KIND_MASK = FLAG.OPTIONAL | FLAG.TRANSITIVE;
const KEPT_FLAGS = KIND_MASK | FLAG.PARTIAL;

/** One attribute on the wire. */
interface RawAttribute {
  readonly flags: number;
  readonly type: number;
  readonly value: Uint8Array;
  /** All of it: what a NOTIFICATION about it holds (RFC 4271 §6.3). */
  readonly whole: Uint8Array;
}

export interface DecodedAttributes {
  readonly draft: AttributeDraft;
  /** Values of MP_REACH_NLRI and MP_UNREACH_NLRI. */
  readonly reach: Uint8Array | undefined;
  readonly unreach: Uint8Array | undefined;
  /** How many attributes there were, of any kind. */
  readonly count: number;
}

/**
 * Reads an UPDATE's path attributes as RFC 7606 has it: what is wrong goes to `problems`, and only what makes it
 * impossible to find the routes is thrown.
 */
export function decodeAttributes(bytes: Uint8Array, options: WireOptions, problems: UpdateProblems): DecodedAttributes {
  const draft: AttributeDraft = {};
  const unknown: UnknownAttribute[] = [];
  const multiprotocol = new Map<number, Uint8Array>();
  const seen = new Set<number>();
  let count = 0;
  for (let at = 0; at < bytes.length; count++) {
    const attribute = attributeAt(bytes, at, problems);
    if (attribute === undefined) break;
    at += attribute.whole.length;
    const { type } = attribute;
    if (isRepeated(attribute, seen, problems)) continue;
    if (isMultiprotocol(type)) {
      multiprotocol.set(type, attribute.value);
      checkKind(attribute, KIND.OPTIONAL, problems);
      continue;
    }
    const spec = ATTRIBUTES[type];
    if (spec === undefined) unknown.push(unknownAttribute(attribute));
    else readKnown(attribute, spec, { draft, unknown, options, problems });
  }
  draft.unknown = unknown;
  restoreFourOctets(draft);
  const { MP_REACH_NLRI, MP_UNREACH_NLRI } = ATTRIBUTE;
  return { draft, reach: multiprotocol.get(MP_REACH_NLRI), unreach: multiprotocol.get(MP_UNREACH_NLRI), count };
}

function isMultiprotocol(type: number): boolean {
  return type === ATTRIBUTE.MP_REACH_NLRI || type === ATTRIBUTE.MP_UNREACH_NLRI;
}

/** The attribute that starts at `at`; undefined if the list ends in the middle of it (RFC 7606 §4). */
function attributeAt(bytes: Uint8Array, at: number, problems: UpdateProblems): RawAttribute | undefined {
  const flags = bytes[at]!;
  const type = bytes[at + 1];
  const long = (flags & FLAG.EXTENDED_LENGTH) !== 0;
  const start = at + (long ? 4 : 3);
  const length = long ? ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0) : (bytes[at + 2] ?? 0);
  const end = start + length;
  if (end <= bytes.length) {
    return { flags, type: type!, value: bytes.subarray(start, end), whole: bytes.subarray(at, end) };
  }
  const text = `the attributes end in the middle of ${type === undefined ? "one" : nameOf(type)}`;
  // Routes that can't be read can't be withdrawn.
  if (type !== undefined && isMultiprotocol(type)) throw updateFault(UPDATE_ERROR.OPTIONAL_ATTRIBUTE, text);
  problems.treatAsWithdraw(updateFault(UPDATE_ERROR.MALFORMED_ATTRIBUTE_LIST, text));
  return undefined;
}

/** RFC 7606 §3 g: the first counts, but of routes there may not be two. */
function isRepeated({ type }: RawAttribute, seen: Set<number>, problems: UpdateProblems): boolean {
  if (!seen.has(type)) {
    seen.add(type);
    return false;
  }
  const text = `${nameOf(type)} is there more than once`;
  if (isMultiprotocol(type)) throw updateFault(UPDATE_ERROR.MALFORMED_ATTRIBUTE_LIST, text);
  problems.ignored(`${text}: the first counts`);
  return true;
}

/** RFC 4271 §6.3: what everybody must understand, and we don't, ends the session. */
function unknownAttribute({ flags, type, value, whole }: RawAttribute): UnknownAttribute {
  if ((flags & FLAG.OPTIONAL) === 0) {
    const text = `a well-known attribute of type ${type}`;
    throw updateFault(UPDATE_ERROR.UNRECOGNIZED_WELL_KNOWN, text, whole);
  }
  return { flags: flags & KEPT_FLAGS, type, value: copyBytes(value) };
}

interface Destination {
  readonly draft: AttributeDraft;
  readonly unknown: UnknownAttribute[];
  readonly options: WireOptions;
  readonly problems: UpdateProblems;
}

function readKnown(attribute: RawAttribute, spec: AttributeSpec, destination: Destination): void {
  const { draft, unknown, options, problems } = destination;
  const { flags, type, value } = attribute;
  if (spec.internal && options.external) return problems.ignored(`${spec.name} from another AS`);
  if (spec.oldSpeakersOnly && options.fourOctetAs)
    return problems.ignored(`${spec.name} with AS numbers of four bytes`);
  if (!checkKind(attribute, spec.kind, problems, spec)) return;
  if (!spec.fits(value.length, options)) {
    complain(attribute, spec, UPDATE_ERROR.ATTRIBUTE_LENGTH, `${value.length} bytes`, problems);
  } else if (spec.read === undefined) {
    unknown.push({ flags: flags & KEPT_FLAGS, type, value: copyBytes(value) });
  } else {
    try {
      spec.read(value, draft, options);
    } catch (thrown) {
      if (!(thrown instanceof MalformedError)) throw thrown;
      complain(attribute, spec, spec.subcode ?? UPDATE_ERROR.OPTIONAL_ATTRIBUTE, errorMessage(thrown), problems);
    }
  }
}

/** RFC 7606 §3 c. */
function checkKind(attribute: RawAttribute, kind: number, problems: UpdateProblems, spec?: AttributeSpec): boolean {
  if ((attribute.flags & KIND_MASK) === kind) return true;
  const text = `flags 0x${attribute.flags.toString(16)}`;
  complain(attribute, spec, UPDATE_ERROR.ATTRIBUTE_FLAGS, text, problems);
  return false;
}

function complain(
  { type, whole }: RawAttribute,
  spec: AttributeSpec | undefined,
  subcode: number,
  what: string,
  problems: UpdateProblems,
): void {
  const text = `${nameOf(type)}: ${what}`;
  if (spec?.dispensable) problems.ignored(`${text}: the attribute is ignored`);
  else problems.treatAsWithdraw(updateFault(subcode, text, whole));
}

function nameOf(type: number): string {
  if (type === ATTRIBUTE.MP_REACH_NLRI) return "MP_REACH_NLRI";
  if (type === ATTRIBUTE.MP_UNREACH_NLRI) return "MP_UNREACH_NLRI";
  return ATTRIBUTES[type]?.name ?? `attribute ${type}`;
}

export function updateFault(subcode: number, message: string, data?: Uint8Array): MalformedError {
  return fault(NOTIFICATION.UPDATE, subcode, message, data && copyBytes(data));
}

/** RFC 6793 §4.2.3: what an old speaker could not say is in AS4_PATH and AS4_AGGREGATOR, if it passed them on. */
function restoreFourOctets(draft: AttributeDraft): void {
  const { as4Path, as4Aggregator, aggregator, asPath } = draft;
  delete draft.as4Path;
  delete draft.as4Aggregator;
  // Who aggregates after an old speaker and knows nothing of AS4_AGGREGATOR leaves both out of date.
  if (as4Aggregator !== undefined && aggregator !== undefined && aggregator.asn !== AS_TRANS) return;
  if (as4Aggregator !== undefined && aggregator !== undefined) draft.aggregator = as4Aggregator;
  if (as4Path !== undefined && asPath !== undefined) draft.asPath = mergeAs4Path(asPath, as4Path);
}
