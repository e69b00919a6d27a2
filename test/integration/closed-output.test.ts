import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

test.each([["--help"], ["controller", "--help"], ["validate", "--help"]])(
  "metallb %s %s: a reader that closes the pipe is no reason to complain",
  async (...args) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let complaints = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
    const [code] = (await once(child, "close")) as [number];
    expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
  },
);
