import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runFilter } from "../../test/support/classic-bpf.ts";
import { advertisement, arpRequest, solicitation } from "../../test/support/request-frames.ts";
import type { IpAddress } from "../ip/address.ts";
import { addressFromBytes, formatAddress, parseAddress } from "../ip/address.ts";
import { filterPrograms } from "./filter.ts";

const rows = [
  { kind: "arp", owned: "10.9.0.100", foreign: "10.9.0.101", request: (target: string) => arpRequest({ target }) },
  { kind: "ndp", owned: "fd09::100", foreign: "fd09::101", request: (target: string) => solicitation({ target }) },
] as const;

describe.each(rows)("$kind", ({ kind, owned, foreign, request }) => {
  const programs = filterPrograms(kind, new Set([parseAddress(owned)!]));
  const [narrow, wide] = [programs[0], programs.at(-1)];

  test("the narrow program passes requests for owned addresses, the wide one all requests", () => {
    expect(runFilter(narrow!, request(owned))).toBeGreaterThanOrEqual(request(owned).length);
    expect(runFilter(narrow!, request(foreign))).toBe(0);
    expect(runFilter(wide!, request(foreign))).toBeGreaterThanOrEqual(request(foreign).length);
  });

  test("without addresses nothing passes", () => {
    const programs = filterPrograms(kind, new Set());
    expect(programs).toHaveLength(1);
    expect(runFilter(programs[0]!, request(owned))).toBe(0);
  });

  test("a truncated request does not pass the narrow program", () => {
    const target = kind === "arp" ? 42 : 78;
    expect(runFilter(narrow!, request(owned).subarray(0, target - 1))).toBe(0);
  });

  test("exactly the owned ones of any set pass", () => {
    const last = fc.integer({ min: 0, max: 400 });
    const make = (n: number): IpAddress => {
      const base = parseAddress(kind === "arp" ? "10.9.0.0" : "fd09::")!;
      return ((base as bigint) + BigInt(n * 7)) as IpAddress;
    };
    fc.assert(
      fc.property(fc.uniqueArray(last, { minLength: 1, maxLength: 120 }), last, (set, asked) => {
        const [program] = filterPrograms(kind, new Set(set.map(make)));
        const passed = runFilter(program!, request(formatAddress(make(asked)))) > 0;
        expect(passed).toBe(set.includes(asked));
      }),
    );
  });

  test("a thousand addresses fit into the kernel's 4,096 instructions; with too many only the wide program is left", () => {
    const addresses = (count: number): IpAddress[] =>
      Array.from({ length: count }, (_, i) =>
        kind === "arp"
          ? addressFromBytes(Uint8Array.of(10, 1, i >> 8, i & 255))
          : addressFromBytes(Uint8Array.of(0xfd, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, i >> 8, i & 255)),
      );
    const programs = filterPrograms(kind, new Set(addresses(1000)));
    expect(programs).toHaveLength(kind === "arp" ? 3 : 2);
    expect(programs[0]!.length / 8).toBeLessThanOrEqual(4096);
    for (const program of programs.slice(0, -1))
      for (const address of [addresses(1000)[0]!, addresses(1000)[999]!])
        expect(runFilter(program, request(formatAddress(address)))).toBeGreaterThan(0);
    for (const count of [4000, 10_000]) {
      expect(filterPrograms(kind, new Set(addresses(count)))).toHaveLength(1);
      expect(filterPrograms(kind, new Set(addresses(count)))[0]).toBe(programs.at(-1));
    }
  });
});

test.each([
  { what: "a reverse ARP request", kind: "arp", frame: arpRequest({ target: "10.9.0.100", operation: 3 }) },
  { what: "hop limit 254", kind: "ndp", frame: solicitation({ target: "fd09::100", hopLimit: 254 }) },
  { what: "a redirect", kind: "ndp", frame: solicitation({ target: "fd09::100", type: "8900" }) },
] as const)("$what stays in the kernel", ({ kind, frame }) => {
  const address = parseAddress(kind === "arp" ? "10.9.0.100" : "fd09::100")!;
  for (const program of filterPrograms(kind, new Set([address]))) expect(runFilter(program, frame)).toBe(0);
});

describe("claims", () => {
  /** An ARP frame in which a station says that it has `sender`. */
  const arp = (sender: string, operation: number, target = sender) =>
    arpRequest({ target, senderIp: sender, operation });

  /** Whether each of the programs passes the frame, the best first. */
  const passes = (kind: "arp" | "ndp", owned: string, frame: Uint8Array): string =>
    filterPrograms(kind, new Set([parseAddress(owned)!]))
      .map((program) => (runFilter(program, frame) > 0 ? "yes" : "no"))
      .join(" ");

  test.each([
    { what: "a gratuitous request", frame: arp("10.9.0.100", 1), passed: "yes yes yes" },
    { what: "a gratuitous reply", frame: arp("10.9.0.100", 2), passed: "yes yes yes" },
    { what: "a reply to somebody", frame: arp("10.9.0.100", 2, "10.9.0.9"), passed: "yes yes yes" },
    { what: "a request for something else", frame: arp("10.9.0.100", 1, "10.9.0.9"), passed: "yes no yes" },
    { what: "of another address", frame: arp("10.9.0.101", 1), passed: "no no yes" },
    { what: "of another address, by a reply to ours", frame: arp("10.9.0.9", 2, "10.9.0.100"), passed: "no no yes" },
  ])("ARP: $what", ({ frame, passed }) => {
    expect(passes("arp", "10.9.0.100", frame)).toBe(passed);
  });

  test.each([
    { what: "an advertisement", frame: advertisement({ target: "fd09::100" }), passed: "yes yes" },
    { what: "an advertisement of another address", frame: advertisement({ target: "fd09::101" }), passed: "no yes" },
  ])("ND: $what", ({ frame, passed }) => {
    expect(passes("ndp", "fd09::100", frame)).toBe(passed);
  });

  test("of any set, exactly the owned senders and targets pass, with as many addresses as fit twice", () => {
    const last = fc.integer({ min: 0, max: 250 });
    fc.assert(
      fc.property(fc.uniqueArray(last, { minLength: 1, maxLength: 120 }), last, last, (set, sender, target) => {
        const [program] = filterPrograms("arp", new Set(set.map((n) => addressFromBytes(Uint8Array.of(10, 9, 0, n)))));
        const frame = arpRequest({ senderIp: `10.9.0.${sender}`, target: `10.9.0.${target}` });
        expect(runFilter(program!, frame) > 0).toBe(set.includes(sender) || set.includes(target));
      }),
    );
  });
});
