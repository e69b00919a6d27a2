import { describe, expect, test } from "vitest";
import { toHex } from "../bytes/hex.ts";
import { parseAddress } from "../ip/address.ts";
import { FAST_LAN, WAN } from "../membership/settings.ts";
import { SPEAKER_DEFAULTS, type SpeakerFlags } from "./flags.ts";
import { membershipConfig, type MembershipFiles } from "./membership-config.ts";

const NO_FILES: MembershipFiles = { config: undefined, secretKey: undefined };
const SECRET = new TextEncoder().encode("0123456789abcdefghijkl");

function read(flags: Partial<SpeakerFlags>, files: Partial<MembershipFiles> = {}) {
  const enabled = { ...SPEAKER_DEFAULTS, nodeName: "node-1", mlBindaddr: "192.0.2.1", mlLabels: "app=metallb" };
  return membershipConfig({ ...enabled, ...flags }, { ...NO_FILES, ...files });
}

describe("there is membership", () => {
  test.each(["192.0.2.1", "2001:db8::1"])("on %s", (mlBindaddr) => {
    expect(read({ mlBindaddr }, { secretKey: SECRET })).toEqual({
      config: {
        node: "node-1",
        address: parseAddress(mlBindaddr),
        port: 7946,
        settings: FAST_LAN,
        key: expect.any(Uint8Array),
      },
      issues: [],
      notes: [],
    });
  });

  test("with the reference's key", () => {
    // The 22 bytes of the secret, then the first 10 of the SHA-256 of nothing.
    const key = read({}, { secretKey: SECRET }).config?.key;
    expect(toHex(key!)).toBe(`${toHex(SECRET)}e3b0c44298fc1c149afb`);
  });

  test.each<[string, Partial<SpeakerFlags>, object]>([
    ["another port", { mlBindport: "7947" }, { port: 7947 }],
    ["the profile for far places", { mlWanConfig: true }, { settings: WAN }],
  ])("with %s", (_, flags, want) => {
    expect(read(flags).config).toMatchObject(want);
  });

  test.each([undefined, new Uint8Array()])("without encryption, and says so: secret %s", (secretKey) => {
    const { config, notes } = read({}, { secretKey });
    expect([config?.key, notes]).toEqual([undefined, ["membership is not encrypted: there is no secret key"]]);
  });

  test("with a file that replaces the profile", () => {
    const durations = ["TCPTimeout", "PushPullInterval", "ProbeTimeout", "ProbeInterval", "GossipInterval"];
    const rest = ["GossipToTheDeadTime", "QueueCheckInterval"];
    const file = Object.fromEntries([...durations, ...rest].map((key) => [key, "7s"]));
    const { config, notes } = read({ mlWanConfig: true }, { config: JSON.stringify(file) });
    expect(config?.settings).toMatchObject({ probeInterval: 7000, suspicionMult: 4, gossipNodes: 0 });
    expect(notes).toContain("/etc/metallb/memberlist/config.json: GossipNodes is missing: 0");
  });
});

test.each<[Partial<SpeakerFlags>, string]>([
  [{ mlBindaddr: "", mlLabels: "" }, "no membership: every Node is taken to run a speaker"],
  [{ mlLabels: "" }, "there is an address for it, but no labels"],
  [{ mlBindaddr: "" }, "there are labels for it, but no address"],
])("there is no membership with %j", (flags, note) => {
  expect(read(flags, { config: "no JSON" })).toEqual({
    config: undefined,
    issues: [],
    notes: [expect.stringContaining(note)],
  });
});

test.each<[Partial<SpeakerFlags>, Partial<MembershipFiles>, string]>([
  [{ mlBindaddr: "here" }, {}, "the membership address here is not an IP address"],
  [{ mlBindport: "x" }, {}, "the membership port x is not a number from 1 to 65535"],
  [{ mlBindport: "0" }, {}, "the membership port 0 is not a number from 1 to 65535"],
  [{ mlBindport: "65536" }, {}, "the membership port 65536 is not a number from 1 to 65535"],
  [{}, { config: "{" }, "/etc/metallb/memberlist/config.json: "],
  [{}, { config: `{"ProbeInterval":"1"}` }, 'ProbeInterval is "1": use a duration'],
])("what can't be used is said: %j %j", (flags, files, issue) => {
  const { config, issues } = read(flags, files);
  expect(config).toBeUndefined();
  expect(issues.join("\n")).toContain(issue);
});
