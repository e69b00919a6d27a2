import { describe, expect, test } from "vitest";
import { formatIssue } from "../../config/issues.ts";
import { validateConfig } from "../../config/validate.ts";
import { NO_PAINT } from "../render/paint.ts";
import { renderValidation } from "./render-validation.ts";
import { validateManifests } from "./validate-manifests.ts";

const HEAD = "apiVersion: metallb.io/v1beta1";

function check(text: string, namespace?: string) {
  return validateManifests([{ path: "a.yaml", text, named: true }], namespace);
}

/** `3 error spec.addresses: message; fix` */
function said(text: string): readonly string[] {
  return check(text).issues.map(
    ({ severity, line, field, message, fix }) => `${line} ${severity} ${field}: ${message}; ${fix}`,
  );
}

function pool(name: string, spec: string, metadata = ""): string {
  return `${HEAD}\nkind: IPAddressPool\nmetadata: {name: ${name}${metadata}}\nspec: ${spec}\n`;
}

test.each([
  { text: pool("v4", "{addresses: [10.0.0.0/24, 10.0.1.1-10.0.1.9]}") },
  { text: pool("v6", "{addresses: ['fd00::/64'], autoAssign: no, avoidBuggyIPs: yes}") },
  { text: pool("dual", "{addresses: [10.0.0.0/24, 'fd00::/64']}") },
  { text: `${HEAD}\nkind: BFDProfile\nmetadata: {name: b}\n` },
  { text: `${HEAD}\nkind: Community\nmetadata: {name: c}\nspec: {communities: [{name: x, value: 65000:100}]}\n` },
  { text: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {what: ever}\n" },
  { text: "" },
])("no issue: $text", ({ text }) => {
  expect(check(text)).toMatchObject({ valid: true, issues: [] });
});

describe("issues, where they are and what to do", () => {
  test.each([
    {
      why: "an unknown field, close to a known one",
      text: pool("p", "{addresses: [10.0.0.0/24], autoAsign: true}"),
      want: ['4 error spec.autoAsign: unknown field "spec.autoAsign"; did you mean "autoAssign"?'],
    },
    {
      why: "an unknown field of the metadata",
      text: pool("p", "{addresses: [10.0.0.0/24]}", ", lables: {}"),
      want: ['3 error metadata.lables: unknown field "metadata.lables"; did you mean "labels"?'],
    },
    {
      why: "an unknown field in a list",
      text: `${HEAD}\nkind: Community\nmetadata: {name: c}\nspec:\n  communities:\n  - name: x\n    valeu: 1:2\n    value: 1:2\n`,
      want: ['7 error spec.communities[0].valeu: unknown field "spec.communities[0].valeu"; did you mean "value"?'],
    },
    {
      why: "an address that is none, IPv4",
      text: pool("p", "\n  addresses:\n  - 10.0.0.0/24\n  - 10.0.1.1"),
      want: ['7 error spec.addresses[1]: invalid CIDR "10.0.1.1"; for a single address write "10.0.1.1/32"'],
    },
    {
      why: "an address that is none, IPv6",
      text: pool("p", "\n  addresses:\n  - fd00::1"),
      want: ['6 error spec.addresses[0]: invalid CIDR "fd00::1"; for a single address write "fd00::1/128"'],
    },
    {
      why: "two pools that overlap",
      text: `${pool("a", "{addresses: [10.0.0.0/24]}")}---\n${pool("b", "{addresses: [10.0.0.9/32]}")}`,
      want: [
        '9 error spec.addresses[0]: "10.0.0.9/32" overlaps with already defined CIDR "10.0.0.0/24" of pool "a"; remove the addresses from one of the two',
      ],
    },
    {
      why: "the same object twice",
      text: `${pool("a", "{addresses: [10.0.0.0/24]}")}---\n${pool("a", "{addresses: [10.0.0.0/24]}")}`,
      want: ["6 error : defined twice, first at a.yaml:1; remove one of the two, or rename it"],
    },
    {
      why: "no name",
      text: `${HEAD}\nkind: BFDProfile\nmetadata: {}\n`,
      want: ["3 error metadata.name: a name is required; name it"],
    },
    {
      why: "a name that the API server refuses",
      text: `${HEAD}\nkind: BFDProfile\nmetadata: {name: My_Profile}\n`,
      want: [
        '3 error metadata.name: "My_Profile" is not a valid name; use at most 253 lower-case letters, digits, "-" and "."; start and end with a letter or digit',
      ],
    },
    {
      why: "a label that is a number",
      text: pool("p", "{addresses: [10.0.0.0/24]}", ", labels: {a: 1}"),
      want: ["3 error metadata.labels.a: must be a string; put it in quotes"],
    },
    {
      why: "a kind of long ago",
      text: `${HEAD}\nkind: AddressPool\nmetadata: {name: a}\n`,
      want: [
        '1 error apiVersion: no matches for kind "AddressPool" in version "metallb.io/v1beta1"; AddressPool is gone: write an IPAddressPool, and an L2Advertisement or BGPAdvertisement for it',
      ],
    },
    {
      why: "a kind that is mistyped",
      text: `${HEAD}\nkind: L2Advertisment\nmetadata: {name: a}\n`,
      want: [
        '1 error apiVersion: no matches for kind "L2Advertisment" in version "metallb.io/v1beta1"; write apiVersion metallb.io/v1beta1, kind L2Advertisement',
      ],
    },
    {
      why: "a version that is not there",
      text: "apiVersion: metallb.io/v1\nkind: BGPPeer\nmetadata: {name: a}\n",
      want: [
        '1 error apiVersion: no matches for kind "BGPPeer" in version "metallb.io/v1"; write apiVersion metallb.io/v1beta2, kind BGPPeer',
      ],
    },
    {
      why: "an old version of a kind",
      text: `${HEAD}\nkind: BGPPeer\nmetadata: {name: a}\nspec: {myASN: 1, peerASN: 2, peerAddress: 10.0.0.1}\n`,
      want: ["1 warning apiVersion: metallb.io/v1beta1 BGPPeer is deprecated; write metallb.io/v1beta2"],
    },
    {
      why: "a field that the old version doesn't have",
      text: `${HEAD}\nkind: BGPPeer\nmetadata: {name: a}\nspec: {myASN: 1, peerASN: 2, peerAddress: 10.0.0.1, vrf: red}\n`,
      want: [
        "1 warning apiVersion: metallb.io/v1beta1 BGPPeer is deprecated; write metallb.io/v1beta2",
        expect.stringContaining('4 error spec.vrf: unknown field "spec.vrf"; ') as string,
      ],
    },
    {
      why: "a pool that is nowhere",
      text: `${pool("pool-a", "{addresses: [10.0.0.0/24]}")}---\n${HEAD}\nkind: L2Advertisement\nmetadata: {name: l}\nspec: {ipAddressPools: [poola, other]}\n`,
      want: [
        expect.stringContaining("3 warning metadata.name: no L2Advertisement or BGPAdvertisement") as string,
        '9 warning spec.ipAddressPools[0]: there is no IPAddressPool "poola" in these files; did you mean "pool-a"?',
        '9 warning spec.ipAddressPools[1]: there is no IPAddressPool "other" in these files; correct it, or give the file that has it, too',
      ],
    },
    {
      why: "a pool that was forgotten by those who announce",
      text: `${pool("a", "{addresses: [10.0.0.0/24]}")}---\n${pool("b", "{addresses: ['fd00::/64']}", ", labels: {x: z}")}---\n${HEAD}\nkind: L2Advertisement\nmetadata: {name: l}\nspec: {ipAddressPoolSelectors: [{matchLabels: {x: z}}]}\n`,
      want: [
        "3 warning metadata.name: no L2Advertisement or BGPAdvertisement in these files is for this pool; its addresses would be given out and announced by nobody: name it in spec.ipAddressPools of one",
      ],
    },
    {
      why: "a field without effect",
      text: `apiVersion: metallb.io/v1beta2\nkind: BGPPeer\nmetadata: {name: a}\nspec: {myASN: 1, peerASN: 2, peerAddress: 'fd00::1', disableMP: true}\n`,
      want: ["4 warning spec.disableMP: deprecated and has no effect; remove it"],
    },
  ])("$why", ({ text, want }) => {
    expect(said(text)).toEqual(want);
  });
});

describe("the namespace", () => {
  const named = (name: string, namespace: string) =>
    pool(name, `{addresses: [10.0.${name.length}.0/24]}`, `, namespace: ${namespace}`);

  test.each([
    {
      why: "objects agree on one",
      text: `${named("a", "lb")}---\n${pool("bb", "{addresses: [10.9.0.0/24]}")}`,
      want: "lb",
    },
    { why: "nobody says", text: pool("bb", "{addresses: [10.9.0.0/24]}"), want: "metallb-system" },
  ])("$why", ({ text, want }) => {
    expect(check(text)).toMatchObject({ namespace: want, valid: true });
  });

  test.each([
    { why: "objects disagree", text: `${named("a", "metallb-system")}---\n${named("bb", "lb")}`, namespace: undefined },
    { why: "another one is given", text: named("bb", "lb"), namespace: "metallb-system" },
  ])("$why", ({ text, namespace }) => {
    expect(check(text, namespace).issues).toMatchObject([
      {
        object: "IPAddressPool lb/bb",
        field: "metadata.namespace",
        message: "resource must be created in metallb-system namespace",
      },
    ]);
  });
});

test("what is said of an object is word for word what the validator of the running processes says", () => {
  const object = { metadata: { name: "p", namespace: "metallb-system" }, spec: { addresses: ["10.0.0.0/33"] } };
  const lists = { l2Advertisements: [], bgpAdvertisements: [], bgpPeers: [], bfdProfiles: [], communities: [] };
  const [issue] = validateConfig({ ...lists, ipAddressPools: [object] });
  const printed = renderValidation(check(pool("p", "{addresses: [10.0.0.0/33]}")), NO_PAINT);
  expect(printed).toContain(`a.yaml:4: error: ${formatIssue(issue!)}\n`);
});

test("printed: issues in the order of files and lines, then the sum; control characters don't reach the terminal", () => {
  const other = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n";
  const sources = [
    { path: "b.yaml", text: `${other}---\n${pool("b", '{addresses: ["\\e[31mred"]}')}`, named: true },
    { path: "a.yaml", text: `${pool("a", "{addresses: []}")}---\na: [\n`, named: true },
  ];
  const text = renderValidation(validateManifests(sources, undefined), NO_PAINT);
  expect(text.split("\n")).toEqual([
    expect.stringMatching(
      /^b\.yaml:8: error: IPAddressPool metallb-system\/b: spec\.addresses\[0\]: .*\\u001b\[31mred/,
    ) as string,
    "a.yaml:4: error: IPAddressPool metallb-system/a: spec.addresses: a pool needs addresses; list at least one CIDR or range",
    expect.stringMatching(/^a\.yaml:7: error: not YAML: /) as string,
    "invalid: 2 metallb.io objects, 3 errors; 1 other object not looked at (1 Service)",
    "",
  ]);
});

test.each([
  { text: pool("p", "{addresses: [10.0.0.0/24]}"), want: "valid: 1 metallb.io object, 0 errors\n" },
  { text: "", want: "nothing to check: 0 metallb.io objects, 0 errors\n" },
])("the sum without issues: $want", ({ text, want }) => {
  expect(renderValidation(check(text), NO_PAINT)).toBe(want);
});
