import { describe, expect, test } from "vitest";
import { routerPrograms } from "./lab-router.ts";

describe("whether there can be a router", () => {
  test("for root, with FRR", () => {
    expect(routerPrograms(false, "/usr/lib/frr")).toEqual({ ok: true, value: "/usr/lib/frr" });
  });

  test.each([
    { rootless: false, found: undefined, why: /apt-get install .*frr$/ },
    { rootless: true, found: "/usr/lib/frr", why: /^FRR needs .* as root$/ },
    { rootless: true, found: undefined, why: /apt-get install .*frr\n.* as root$/ },
  ])("rootless $rootless, FRR in $found", ({ rootless, found, why }) => {
    expect(routerPrograms(rootless, found)).toEqual({ ok: false, error: expect.stringMatching(why) as string });
  });
});
