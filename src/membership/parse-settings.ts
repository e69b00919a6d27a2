import { millis } from "../lib/duration.ts";
import { errorMessage } from "../lib/errors.ts";
import { parseGoDuration } from "../lib/go-duration.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { type MembershipSettings, REFERENCE_LAN } from "./settings.ts";

/** What is wrong with the file. */
export interface SettingsIssue {
  /** Key in the file; "" for the whole of it. */
  readonly field: string;
  readonly message: string;
  readonly fix: string;
}

export interface ParsedSettings {
  readonly settings: MembershipSettings;
  /** What a user may not expect, one sentence each. */
  readonly notes: readonly string[];
}

type Field = keyof MembershipSettings;

/**
 * What is read for each field:
 * - `duration`: Go's notation; has to be there
 * - `switch`: missing means false
 * - `count`: missing means 0
 * - `positive`: as `count`, but nothing works with 0, so missing and 0 mean the default
 */
const FIELDS: Readonly<Record<Field, { readonly key: string; readonly kind: FieldKind }>> = {
  tcpTimeout: { key: "TCPTimeout", kind: "duration" },
  indirectChecks: { key: "IndirectChecks", kind: "count" },
  retransmitMult: { key: "RetransmitMult", kind: "positive" },
  suspicionMult: { key: "SuspicionMult", kind: "positive" },
  suspicionMaxTimeoutMult: { key: "SuspicionMaxTimeoutMult", kind: "positive" },
  pushPullInterval: { key: "PushPullInterval", kind: "duration" },
  probeTimeout: { key: "ProbeTimeout", kind: "duration" },
  probeInterval: { key: "ProbeInterval", kind: "duration" },
  disableTcpPings: { key: "DisableTcpPings", kind: "switch" },
  awarenessMaxMultiplier: { key: "AwarenessMaxMultiplier", kind: "positive" },
  gossipNodes: { key: "GossipNodes", kind: "count" },
  gossipInterval: { key: "GossipInterval", kind: "duration" },
  gossipToTheDeadTime: { key: "GossipToTheDeadTime", kind: "duration" },
  gossipVerifyIncoming: { key: "GossipVerifyIncoming", kind: "switch" },
  gossipVerifyOutgoing: { key: "GossipVerifyOutgoing", kind: "switch" },
  enableCompression: { key: "EnableCompression", kind: "switch" },
  handoffQueueDepth: { key: "HandoffQueueDepth", kind: "count" },
  udpBufferSize: { key: "UDPBufferSize", kind: "positive" },
  queueCheckInterval: { key: "QueueCheckInterval", kind: "duration" },
};
type FieldKind = "duration" | "switch" | "count" | "positive";

/** No configuration needs more; a longer file is a mistake. */
const LONGEST_FILE = 65_536;

/** More of anything that is counted here is a mistake. */
const LARGEST_COUNT = 65_536;

/** Below this not even one message with long names fits; above it no datagram is possible. */
const SMALLEST_BUFFER = 512;
const LARGEST_BUFFER = 65_507;

/**
 * Reads the file that replaces a whole profile, as the reference does: every duration has to be there, unknown keys are
 * ignored, letter case of keys doesn't matter, and missing numbers and switches are 0 and false.
 */
export function parseMembershipSettings(text: string): Result<ParsedSettings, readonly SettingsIssue[]> {
  const document = readDocument(text);
  if (!document.ok) return err([{ field: "", message: document.error, fix: "write one JSON object" }]);
  const reading: Reading = { values: document.value, issues: [], notes: [] };
  const settings: MembershipSettings = { ...REFERENCE_LAN, ...readFields(reading) };
  if (settings.udpBufferSize < SMALLEST_BUFFER || settings.udpBufferSize > LARGEST_BUFFER) {
    const fix = `use ${SMALLEST_BUFFER} to ${LARGEST_BUFFER}`;
    reading.issues.push({ field: FIELDS.udpBufferSize.key, message: `is ${settings.udpBufferSize}`, fix });
  }
  return reading.issues.length > 0 ? err(reading.issues) : ok({ settings, notes: reading.notes });
}

interface Reading {
  readonly values: ReadonlyMap<string, unknown>;
  readonly issues: SettingsIssue[];
  readonly notes: string[];
}

/** Values by lower-case key; the last of several wins. */
function readDocument(text: string): Result<ReadonlyMap<string, unknown>, string> {
  if (text.length > LONGEST_FILE) return err(`is longer than ${LONGEST_FILE} characters`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return err(`is not JSON: ${errorMessage(error)}`);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) return err("is not an object");
  return ok(new Map(Object.entries(document).map(([key, value]) => [key.toLowerCase(), value])));
}

function readFields(reading: Reading): Partial<MembershipSettings> {
  const fields = Object.keys(FIELDS) as Field[];
  return Object.fromEntries(fields.map((field) => [field, readField(field, reading)]));
}

function readField(field: Field, reading: Reading): unknown {
  const { key, kind } = FIELDS[field];
  const value = reading.values.get(key.toLowerCase()) ?? undefined;
  switch (kind) {
    case "duration":
      return readDuration(key, value, reading);
    case "switch":
      if (value === undefined) reading.notes.push(`${key} is missing: false`);
      else if (typeof value !== "boolean") complain(reading, key, value, "use true or false");
      return value ?? false;
    case "count":
      return readCount(key, value, reading);
    case "positive": {
      const count = readCount(key, value === undefined ? 0 : value, reading);
      if (count !== 0) return count;
      const standard = REFERENCE_LAN[field];
      reading.notes.push(`${key} is ${value === undefined ? "missing" : "0"}, which can't work: ${String(standard)}`);
      return standard;
    }
  }
}

function readDuration(key: string, value: unknown, reading: Reading): number {
  const duration = typeof value === "string" ? parseGoDuration(value) : undefined;
  if (value === undefined) reading.issues.push({ field: key, message: "is missing", fix: `add it, such as "1s"` });
  else if (duration === undefined) complain(reading, key, value, `use a duration, such as "500ms" or "1m30s"`);
  // The reference takes a negative interval for "never", too.
  return Math.max(0, duration ?? millis(0));
}

function readCount(key: string, value: unknown, reading: Reading): number {
  if (value === undefined) {
    reading.notes.push(`${key} is missing: 0`);
    return 0;
  }
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= LARGEST_COUNT) return value;
  complain(reading, key, value, `use a whole number from 0 to ${LARGEST_COUNT}`);
  return 1;
}

function complain(reading: Reading, field: string, value: unknown, fix: string): void {
  const shown = JSON.stringify(value).slice(0, 40);
  reading.issues.push({ field, message: `is ${shown}`, fix });
}
