import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toolPath } from "./requirements.ts";

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The kubectls that scripts/install-test-tools.sh unpacks. */
export const KUBECTL_VERSIONS = ["1.20", "1.32", "1.36"] as const;
export type KubectlVersion = (typeof KUBECTL_VERSIONS)[number];

/** Runs a shell line in which `kubectl` is the given version, with a kubeconfig and a HOME of its own. */
export class Kubectl {
  readonly version: KubectlVersion;
  readonly #env: NodeJS.ProcessEnv;

  constructor(version: KubectlVersion, kubeconfig: string) {
    this.version = version;
    const home = mkdtempSync(join(tmpdir(), `kubectl-${version}-`));
    const config = join(home, "config");
    writeFileSync(config, kubeconfig);
    const binary = toolPath(`kubectl-${version}`);
    if (binary === undefined) throw new Error(`kubectl-${version} is not installed`);
    writeFileSync(join(home, "kubectl"), `#!/bin/sh\nexec ${binary} "$@"\n`, { mode: 0o755 });
    this.#env = { PATH: `${home}:${process.env["PATH"]}`, HOME: home, KUBECONFIG: config };
  }

  /** Runs `line` in bash; never rejects. A run of over 60 s is killed. */
  run(line: string, stdin = ""): Promise<CommandResult> {
    return new Promise((resolve) => {
      const child = spawn("bash", ["-o", "pipefail", "-c", line], { env: this.#env, timeout: 60_000 });
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.on("close", (status) => resolve({ status: status ?? 1, stdout, stderr }));
      child.stdin.end(stdin);
    });
  }

  /** Runs `line` and returns its standard output; throws with both outputs when it fails. */
  async ok(line: string, stdin = ""): Promise<string> {
    const result = await this.run(line, stdin);
    if (result.status !== 0) {
      throw new Error(
        `kubectl ${this.version}: \`${line}\` exits ${result.status}\n${result.stdout}\n${result.stderr}`,
      );
    }
    return result.stdout;
  }
}
