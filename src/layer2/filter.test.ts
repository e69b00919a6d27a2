import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runFilter } from "../../test/support/classic-bpf.ts";
import { arpRequest, solicitation } from "../../test/support/request-frames.ts";
import type { IpAddress } from "../ip/address.ts";
import { addressFromBytes, formatAddress, parseAddress } from "../ip/address.ts";
import { filterPrograms } from "./filter.ts";

const rows = [
  { kind: "arp", owned: "10.9.0.100", foreign: "10.9.0.101", request: (target: string) => arpRequest({ target }) },
  { kind: "ndp", owned: "fd09::100", foreign: "fd09::101", request: (target: string) => solicitation({ target }) },
] as const;

describe.each(rows)("$kind", ({ kind, owned, foreign, request }) => {
  const [narrow, wide] = filterPrograms(kind, [parseAddress(owned)!]);

  test("the narrow program passes requests for owned addresses, the wide one all requests", () => {
    expect(runFilter(narrow!, request(owned))).toBeGreaterThanOrEqual(request(owned).length);
    expect(runFilter(narrow!, request(foreign))).toBe(0);
    expect(runFilter(wide!, request(foreign))).toBeGreaterThanOrEqual(request(foreign).length);
  });

  test("without addresses nothing passes", () => {
    const programs = filterPrograms(kind, []);
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
        const [program] = filterPrograms(kind, set.map(make));
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
    const programs = filterPrograms(kind, addresses(1000));
    expect(programs).toHaveLength(2);
    expect(programs[0]!.length / 8).toBeLessThanOrEqual(4096);
    for (const address of [addresses(1000)[0]!, addresses(1000)[999]!])
      expect(runFilter(programs[0]!, request(formatAddress(address)))).toBeGreaterThan(0);
    expect(filterPrograms(kind, addresses(10_000))).toHaveLength(1);
  });
});

test.each([
  { what: "an ARP reply", kind: "arp", frame: arpRequest({ target: "10.9.0.100", operation: 2 }) },
  { what: "hop limit 254", kind: "ndp", frame: solicitation({ target: "fd09::100", hopLimit: 254 }) },
  { what: "an advertisement", kind: "ndp", frame: solicitation({ target: "fd09::100", type: "8800" }) },
] as const)("$what stays in the kernel", ({ kind, frame }) => {
  const address = parseAddress(kind === "arp" ? "10.9.0.100" : "fd09::100")!;
  for (const program of filterPrograms(kind, [address])) expect(runFilter(program, frame)).toBe(0);
});
