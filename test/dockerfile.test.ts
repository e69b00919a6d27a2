import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { validate } from "dockerfile-utils";
import { expect, test } from "vitest";
import { MEMORY_FLAGS } from "./bench/controller-process.ts";
import { dockerfileText, IMAGE_TARGETS, imageConfig } from "./support/dockerfile.ts";

const ROOT = resolve(import.meta.dirname, "..");

test("the Dockerfile has no mistake that its linter knows", () => {
  expect(validate(dockerfileText())).toEqual([]);
  expect(validate('FROM scratch\nENTRYPIONT ["/x"]\n')).not.toEqual([]);
});

test("what the Dockerfile copies is sent to the builder, and nothing else", () => {
  const copies = [...dockerfileText().matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) => match[1]!.split(" "));
  const ignored = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
  const sent = ignored.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  expect(copies).toContain("src");
  expect(sent.sort()).toEqual(copies.toSorted());
  expect(ignored).toContain("*");
});

test("images are labelled with the version of package.json", () => {
  const manifest = readFileSync(join(ROOT, "package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  expect(dockerfileText()).toContain(`\nARG VERSION=${version}\n`);
});

test.each(IMAGE_TARGETS)(
  "the Dockerfile's target %s starts its process with the flags that are measured, and a user by number",
  (target) => {
    const { entrypoint, user, env } = imageConfig(target);
    expect(entrypoint).toEqual(["/usr/local/bin/node", ...MEMORY_FLAGS, "/metallb/metallb.mjs", target]);
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
