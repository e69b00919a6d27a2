import { describe, expect, test } from "vitest";
import { EXCLUDE_NOTHING, parseExcludedInterfaces } from "./excluded-interfaces.ts";

function excluded(text: string, names: readonly string[]): readonly string[] {
  const parsed = parseExcludedInterfaces(text);
  if (!parsed.ok) throw new Error(parsed.error);
  const pattern = new RegExp(parsed.value, "u");
  return names.filter((name) => pattern.test(name));
}

const DEFAULT = `
announcedInterfacesToExclude: ["^docker.*", "^cbr.*", "^dummy.*", "^virbr.*", "^lxcbr.*", "^veth.*", "^lo$",
  "^cali.*", "^tunl.*", "^flannel.*", "^kube-ipvs.*", "^cni.*", "^nodelocaldns.*", "^lxc.*"]
`;

test("the default list", () => {
  const names = ["eth0", "docker0", "lo", "lo1", "veth1234", "br0", "kube-ipvs0", "bond0.100", "myveth"];
  expect(excluded(DEFAULT, names)).toEqual(["docker0", "lo", "veth1234", "kube-ipvs0"]);
});

describe("patterns", () => {
  test.each([
    ["announcedinterfacestoexclude: [eth]", ["eth0", "myeth"]],
    ["announcedInterfacesToExclude: ['^br\\-[a-f0-9\\-]+$']", ["br-a0"]],
    ["announcedInterfacesToExclude: ['^a|b$', '\\.100$']", ["ab", "bond0.100"]],
    ["announcedInterfacesToExclude: []", []],
    ["announcedInterfacesToExclude:", []],
    ["other: 1", []],
    ["", []],
  ])("%j", (text, want) => {
    expect(excluded(text, ["eth0", "myeth", "br-a0", "ab", "bond0.100", "x100"])).toEqual(want);
  });

  test("no list excludes nothing, not even the empty name", () => {
    expect(parseExcludedInterfaces("")).toEqual({ ok: true, value: EXCLUDE_NOTHING });
    expect(new RegExp(EXCLUDE_NOTHING, "u").test("")).toBe(false);
  });
});

describe("refused", () => {
  test.each([
    ["a: [", "not YAML"],
    ["[eth0]", "no list announcedInterfacesToExclude"],
    ["text", "no list announcedInterfacesToExclude"],
    ["announcedInterfacesToExclude: eth0", "is not a list"],
    ["announcedInterfacesToExclude: [1]", "[0] can't be used: it is not a string"],
    ["announcedInterfacesToExclude: ['ok', '(']", "[1] can't be used"],
    ["announcedInterfacesToExclude: ['[[:alpha:]]']", "[0] can't be used"],
    ["announcedInterfacesToExclude: ['eth\\z']", "[0] can't be used"],
    ["#".repeat(2_000_000), "longer than"],
  ])("%.60j", (text, error) => {
    expect(parseExcludedInterfaces(text)).toEqual({ ok: false, error: expect.stringContaining(error) as string });
  });
});
