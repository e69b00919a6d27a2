import type { KubeObject } from "../ports/kube.ts";
import type { Community } from "./community.ts";
import { parseCommunity } from "./community.ts";
import { communitySpec } from "./crd/community.ts";
import type { ConfigIssue } from "./issues.ts";
import { nameOf, parseEach, parseSpec } from "./resource.ts";

const KIND = "Community";

/** Aliases by name. */
export type CommunityAliases = ReadonlyMap<string, Community>;

/** Parses Community objects. An alias may be defined once, in all of them together; the first by object name stays. */
export function parseCommunities(resources: readonly KubeObject[]): {
  readonly aliases: CommunityAliases;
  readonly issues: readonly ConfigIssue[];
} {
  const aliases = new Map<string, Community>();
  const definedIn = new Map<string, string>();
  const { issues } = parseEach(KIND, resources, (resource, complain) => {
    const spec = parseSpec(communitySpec, KIND, resource, complain);
    for (const [i, { name = "", value = "" }] of (spec?.communities ?? []).entries()) {
      const at = `spec.communities[${i}]`;
      const other = definedIn.get(name);
      if (other !== undefined) {
        const message = `duplicate definition of community ${JSON.stringify(name)}, which is in Community ${JSON.stringify(other)}`;
        complain(`${at}.name`, message, "rename or remove one of the two");
        continue;
      }
      definedIn.set(name, nameOf(resource));
      const community = parseCommunity(value);
      if (community.ok) aliases.set(name, community.value);
      else complain(`${at}.value`, community.error.message, "write 65000:100 or large:65000:1:2");
    }
    return undefined;
  });
  return { aliases, issues };
}
