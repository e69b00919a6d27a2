import { millis } from "../lib/duration.ts";
import type { KubeObject } from "../ports/kube.ts";
import { bfdProfileSpec } from "./crd/bfd-profile.ts";
import type { ConfigIssue } from "./issues.ts";
import type { BfdProfile } from "./model.ts";
import { nameOf, parseEach, parseSpec } from "./resource.ts";

const KIND = "BFDProfile";

/**
 * Parses BFDProfiles; bounds are those of the schema, defaults those of FRR, which users of the reference have when they
 * say nothing. Profiles with an issue are left out.
 */
export function parseBfdProfiles(resources: readonly KubeObject[]): {
  readonly profiles: readonly BfdProfile[];
  readonly issues: readonly ConfigIssue[];
} {
  const { parsed, issues } = parseEach(KIND, resources, (resource, complain): BfdProfile | undefined => {
    const spec = parseSpec(bfdProfileSpec, KIND, resource, complain);
    if (spec === undefined) return undefined;
    return {
      name: nameOf(resource),
      receiveInterval: millis(spec.receiveInterval ?? 300),
      transmitInterval: millis(spec.transmitInterval ?? 300),
      detectMultiplier: spec.detectMultiplier ?? 3,
      echoMode: spec.echoMode ?? false,
      echoInterval: millis(spec.echoInterval ?? 50),
      passiveMode: spec.passiveMode ?? false,
      minimumTtl: spec.minimumTtl ?? 254,
    };
  });
  return { profiles: parsed, issues };
}
