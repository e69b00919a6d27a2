import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runInspect, spawnMetallb } from "../support/run-inspect.ts";

const GOOD = `apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: dual}
spec: {addresses: [192.168.10.0/24, "fd00:10::/64"]}
`;
const BAD = GOOD.replace("/24", "/33");
const SAID = 'spec.addresses[0]: invalid CIDR "192.168.10.0/33"; write a CIDR such as';

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "metallb-validate-"));
  writeFileSync(join(folder, "good.yaml"), GOOD);
  writeFileSync(join(folder, "bad.yaml"), BAD);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  { files: ["good.yaml"], code: 0, out: "valid: 1 metallb.io object, 0 errors\n" },
  { files: ["bad.yaml"], code: 1, out: `bad.yaml:4: error: IPAddressPool metallb-system/dual: ${SAID}` },
  {
    files: ["good.yaml", "bad.yaml"],
    code: 1,
    out: "bad.yaml:1: error: IPAddressPool metallb-system/dual: defined twice",
  },
  { files: ["."], code: 1, out: "good.yaml:1: error: IPAddressPool metallb-system/dual: defined twice" },
  { files: ["bad.yaml"], more: ["--namespace=lb"], code: 1, out: `IPAddressPool lb/dual: ${SAID}` },
])("$files $more: exit code $code", async ({ files, more = [], code, out }) => {
  const result = await runInspect(["validate", "-f", ...files.map((file) => join(folder, file)), ...more]);
  expect(result).toMatchObject({ code, err: "" });
  expect(result.out).toContain(out);
});

test.each([
  { input: GOOD, code: 0, out: "valid: 1 metallb.io object, 0 errors\n" },
  { input: BAD, code: 1, out: `-:4: error: IPAddressPool metallb-system/dual: ${SAID}` },
])("from standard input: exit code $code", async ({ input, code, out }) => {
  const result = await runInspect(["validate", "-f", "-"], { input });
  expect(result).toMatchObject({ code, out: expect.stringContaining(out) as string, err: "" });
});

test("a file that isn't there: exit code 2", async () => {
  const path = join(folder, "nothing.yaml");
  const err = `metallb validate: ${path}: no such file or folder\n`;
  expect(await runInspect(["validate", "-f", path])).toEqual({ code: 2, out: "", err });
});

test("-o json is the whole report", async () => {
  const path = join(folder, "bad.yaml");
  const { code, out } = await runInspect(["validate", "-f", path, "-o", "json"]);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toEqual({
    valid: false,
    namespace: "metallb-system",
    checked: 1,
    ignored: {},
    issues: [
      {
        severity: "error",
        path,
        line: 4,
        object: "IPAddressPool metallb-system/dual",
        field: "spec.addresses[0]",
        message: 'invalid CIDR "192.168.10.0/33"',
        fix: expect.stringContaining("write a CIDR such as") as string,
      },
    ],
  });
});

test("as a process, without a cluster and into a pipe: no colour, whatever else the environment says", async () => {
  const env = { KUBECONFIG: "/nowhere", FORCE_COLOR: "1", CI: "true" };
  const { code, out, err } = await spawnMetallb(["validate", "-f", "-"], { env, input: BAD });
  expect({ code, err }).toEqual({ code: 1, err: "" });
  expect(out).toContain(SAID);
  expect(out).not.toContain("\u001b[");
});

test.each([
  { args: ["--help"], code: 0, says: "metallb validate -f pools.yaml" },
  {
    args: [],
    code: 2,
    says: "required option '-f, --filename <path...>' not specified\n(metallb validate --help shows",
  },
  { args: ["-f", "x", "--filname", "y"], code: 2, says: "Did you mean --filename?" },
])("the command line $args: exit code $code", async ({ args, code, says }) => {
  const result = await spawnMetallb(["validate", ...args]);
  expect(result.code).toBe(code);
  expect(code === 0 ? result.out : result.err).toContain(says);
});
