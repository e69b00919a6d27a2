import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { validate } from "dockerfile-utils";
import { expect, test } from "vitest";
import { dockerfileText, IMAGE_TARGETS, imageConfig } from "./support/dockerfile.ts";

test("the Dockerfile has no mistake that its linter knows", () => {
  expect(validate(dockerfileText())).toEqual([]);
  expect(validate('FROM scratch\nENTRYPIONT ["/x"]\n')).not.toEqual([]);
});

test("images are labelled with the version of package.json", () => {
  const manifest = readFileSync(resolve(import.meta.dirname, "../package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  expect(dockerfileText()).toContain(`\nARG VERSION=${version}\n`);
});

test.each(IMAGE_TARGETS)(
  "the Dockerfile's target %s starts its process with the bundle, and a user by number",
  (target) => {
    const { entrypoint, user, env } = imageConfig(target);
    expect(entrypoint[0]).toBe("/usr/local/bin/node");
    expect(entrypoint.slice(-2)).toEqual(["/metallb/metallb.mjs", target]);
    expect(user).toMatch(/^\d+:\d+$/);
    expect(env).toEqual({ PATH: "/usr/local/bin" });
  },
);

const STAGES = `
FROM scratch AS base
ENV A=1 B="two words"
USER 7:7
HEALTHCHECK --interval=1s CMD ["/well"]
ENTRYPOINT ["/first"]
FROM base AS controller
ENTRYPOINT ["/second", "with \\"quotes\\""]
FROM base AS speaker
USER 0:0
`;

test("what a stage doesn't say, the stage says that it is made from", () => {
  const base = { env: { A: "1", B: "two words" }, healthcheck: ["/well"] };
  expect(imageConfig("controller", STAGES)).toEqual({ entrypoint: ["/second", 'with "quotes"'], user: "7:7", ...base });
  expect(imageConfig("speaker", STAGES)).toEqual({ entrypoint: ["/first"], user: "0:0", ...base });
});

test("a target without a program is an error", () => {
  expect(() => imageConfig("speaker", "FROM scratch AS speaker\nUSER 1:1\n")).toThrow(/speaker.*no ENTRYPOINT/);
  expect(() => imageConfig("speaker", 'FROM scratch AS controller\nENTRYPOINT ["/x"]\n')).toThrow(/speaker/);
});
