import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts");
const GOOD = `apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: dual}
spec: {addresses: [192.168.10.0/24, "fd00:10::/64"]}
`;
const BAD = GOOD.replace("/24", "/33");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "metallb-validate-"));
  writeFileSync(join(folder, "good.yaml"), GOOD);
  writeFileSync(join(folder, "bad.yaml"), BAD);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As a user calls it, in the folder with the files. Neither a terminal nor a cluster is there. */
function validate(args: readonly string[], input = "") {
  const done = spawnSync(process.execPath, [MAIN, "validate", ...args], {
    cwd: folder,
    input,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], KUBECONFIG: "/nowhere", FORCE_COLOR: "1", CI: "true" },
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

const SAID = 'spec.addresses[0]: invalid CIDR "192.168.10.0/33"; write a CIDR such as';

test.each([
  { args: ["-f", "good.yaml"], code: 0, out: "valid: 1 metallb.io object, 0 errors\n" },
  { args: ["-f", "-"], input: GOOD, code: 0, out: "valid: 1 metallb.io object, 0 errors\n" },
  { args: ["-f", "bad.yaml"], code: 1, out: `bad.yaml:4: error: IPAddressPool metallb-system/dual: ${SAID}` },
  { args: ["-f", "-"], input: BAD, code: 1, out: `-:4: error: IPAddressPool metallb-system/dual: ${SAID}` },
  {
    args: ["-f", "good.yaml", "bad.yaml"],
    code: 1,
    out: "bad.yaml:1: error: IPAddressPool metallb-system/dual: defined twice",
  },
  { args: ["-f", "."], code: 1, out: "good.yaml:1: error: IPAddressPool metallb-system/dual: defined twice" },
  { args: ["-f", "bad.yaml", "--namespace=lb"], code: 1, out: `IPAddressPool lb/dual: ${SAID}` },
  { args: ["--help"], code: 0, out: "metallb validate -f pools.yaml" },
])("$args: exit code $code", ({ args, input = "", code, out }) => {
  const result = validate(args, input);
  expect(result).toMatchObject({ code, err: "" });
  expect(result.out).toContain(out);
  expect(result.out).not.toContain("\u001b[");
});

test.each([
  { args: [], err: "required option '-f, --filename <path...>' not specified" },
  { args: ["good.yaml"], err: "metallb validate --help shows examples" },
  { args: ["-f", "good.yaml", "-o", "yaml"], err: "Allowed choices are text, json" },
  { args: ["-f", "good.yaml", "--filname", "x"], err: "Did you mean --filename?" },
  { args: ["-f", "nothing.yaml"], err: "metallb validate: nothing.yaml: no such file or folder\n" },
])("$args: exit code 2, on stderr", ({ args, err }) => {
  const result = validate(args);
  expect(result).toMatchObject({ code: 2, out: "" });
  expect(result.err).toContain(err);
});

test("-o json is the whole report", () => {
  const { code, out } = validate(["-f", "bad.yaml", "-o", "json"]);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toEqual({
    valid: false,
    namespace: "metallb-system",
    checked: 1,
    ignored: {},
    issues: [
      {
        severity: "error",
        path: "bad.yaml",
        line: 4,
        object: "IPAddressPool metallb-system/dual",
        field: "spec.addresses[0]",
        message: 'invalid CIDR "192.168.10.0/33"',
        fix: expect.stringContaining("write a CIDR such as") as string,
      },
    ],
  });
});
