import type { Result } from "../lib/result.ts";
import { err, ok } from "../lib/result.ts";
import type { KubeObject } from "../ports/kube.ts";
import type { Fields } from "./fields.ts";
import { fieldsOf } from "./fields.ts";

const VERSIONS = ["v1beta1", "v1beta2"] as const;
export type BgpPeerVersion = (typeof VERSIONS)[number];

export interface ConvertedBgpPeer {
  readonly object: KubeObject;
  /** Fields of the spec that say something and that the other version has no place for. */
  readonly lost: readonly string[];
}

/** Fields that mean the same in both versions and are copied as they are; what is absent stays absent. */
const SHARED = [
  "myASN",
  "peerASN",
  "peerAddress",
  "sourceAddress",
  "peerPort",
  "holdTime",
  "keepaliveTime",
  "routerID",
  "password",
  "bfdProfile",
  "ebgpMultiHop",
] as const;

const ONLY_IN_V1BETA2 = [
  "localASN",
  "dynamicASN",
  "interface",
  "connectTime",
  "passwordSecret",
  "enableGracefulRestart",
  "vrf",
  "disableMP",
  "dualStackAddressFamily",
  "passive",
  "ttlSecurity",
  "maximumPrefixes",
] as const;

/** v1beta1 requires these, so a peer without them has these values there, which mean absent. */
const ABSENT_IN_V1BETA1: Fields = { peerASN: 0, peerAddress: "" };

/** What v1beta1 writes for absent, and v1beta2's schema may refuse. */
const ABSENT_IN_V1BETA2: Fields = { ...ABSENT_IN_V1BETA1, peerPort: 0 };

/**
 * A BGPPeer in another version, for the conversion webhook. Metadata is kept as it is, the status (which is empty) is
 * not carried. The error says why the object can't be converted. What the source version's schema would refuse is
 * copied or left out, never repaired.
 */
export function convertBgpPeer(object: KubeObject, to: BgpPeerVersion): Result<ConvertedBgpPeer, string> {
  const { apiVersion, kind } = object;
  const from = VERSIONS.find((version) => apiVersion === `metallb.io/${version}`);
  if (kind !== "BGPPeer" || from === undefined)
    return err(`only a BGPPeer of metallb.io can be converted, not ${quote(kind)} of ${quote(apiVersion)}`);
  if (from === to) return ok({ object, lost: [] });
  const spec = fieldsOf(object["spec"]);
  const lost = to === "v1beta1" ? ONLY_IN_V1BETA2.filter((field) => saysSomething(spec[field])) : [];
  const converted = to === "v1beta1" ? toV1beta1(spec) : toV1beta2(spec);
  return ok({ object: { apiVersion: `metallb.io/${to}`, kind, metadata: object.metadata, spec: converted }, lost });
}

function toV1beta1(spec: Fields): Fields {
  const selectors = convertSelectors(spec["nodeSelectors"], (values) => ({ values }));
  return { ...ABSENT_IN_V1BETA1, ...shared(spec), ...selectors };
}

function toV1beta2(spec: Fields): Fields {
  const selectors = convertSelectors(spec["nodeSelectors"], (values) => (values.length === 0 ? {} : { values }));
  const kept = Object.entries(shared(spec)).filter(([field, value]) => ABSENT_IN_V1BETA2[field] !== value);
  return { ...Object.fromEntries(kept), ...selectors };
}

function shared(spec: Fields): Fields {
  const present = SHARED.filter((field) => spec[field] !== undefined && spec[field] !== null);
  return Object.fromEntries(present.map((field) => [field, spec[field]]));
}

/**
 * The versions' selectors differ in `values` only: v1beta1 requires it, even for Exists and DoesNotExist. A selector
 * without labels and expressions selects every node in both.
 */
function convertSelectors(selectors: unknown, writeValues: (values: readonly unknown[]) => Fields): Fields {
  if (!Array.isArray(selectors) || selectors.length === 0) return {};
  const converted = selectors.map((item: unknown) => {
    const { matchLabels, matchExpressions } = fieldsOf(item);
    const expressions: readonly unknown[] = Array.isArray(matchExpressions) ? matchExpressions : [];
    return {
      ...(Object.keys(fieldsOf(matchLabels)).length === 0 ? {} : { matchLabels }),
      ...(expressions.length === 0
        ? {}
        : { matchExpressions: expressions.map((each) => convertExpression(each, writeValues)) }),
    };
  });
  return { nodeSelectors: converted };
}

function convertExpression(item: unknown, writeValues: (values: readonly unknown[]) => Fields): Fields {
  const { key, operator, values } = fieldsOf(item);
  return { key, operator, ...writeValues(Array.isArray(values) ? values : []) };
}

/** False, "" and absent mean the same in every field. */
function saysSomething(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== "";
}

function quote(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : "nothing";
}
