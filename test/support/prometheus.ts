import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { freePort } from "./metallb-process.ts";
import { toolPath } from "./requirements.ts";

/** A series of an answer and its value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: "pending" | "firing";
}

/** A Prometheus of its own on loopback, which forgets everything at its end. */
export class Prometheus {
  readonly #url: string;
  readonly #folder: string;
  readonly #ended: Promise<unknown>;
  readonly #kill: () => void;
  #output = "";

  private constructor(url: string, folder: string, args: readonly string[]) {
    this.#url = url;
    this.#folder = folder;
    const child = spawn(toolPath("prometheus")!, args, { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    this.#ended = new Promise((resolve) => child.once("close", resolve));
    this.#kill = () => void child.kill("SIGTERM");
  }

  /** Starts with a configuration and rules, both as objects; scrapes and evaluates every second. */
  static async start(scrapeConfigs: readonly object[], rules: object): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), "metallb-prometheus-"));
    const every = { scrape_interval: "1s", evaluation_interval: "1s" };
    const config = { global: every, rule_files: ["rules.yaml"], scrape_configs: scrapeConfigs };
    writeFileSync(join(folder, "prometheus.yaml"), stringify(config), { mode: 0o600 });
    writeFileSync(join(folder, "rules.yaml"), stringify(rules));
    const port = await freePort();
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`, folder, [
      `--config.file=${join(folder, "prometheus.yaml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ]);
    await prometheus.#untilReady();
    return prometheus;
  }

  /** What it complained of. */
  get output(): string {
    return this.#output;
  }

  /** The value of an expression now; throws with Prometheus' words when it can't be evaluated. */
  async query(expr: string): Promise<readonly Sample[]> {
    const { result } = await this.#get(`query?query=${encodeURIComponent(expr)}`);
    return (result as readonly { metric: Record<string, string>; value: [number, string] }[]).map(
      ({ metric, value: [, text] }) => ({ labels: metric, value: Number(text) }),
    );
  }

  async alerts(): Promise<readonly FiringAlert[]> {
    return (await this.#get("alerts"))["alerts"] as readonly FiringAlert[];
  }

  async stop(): Promise<void> {
    this.#kill();
    await this.#ended;
    rmSync(this.#folder, { recursive: true });
  }

  async #get(path: string): Promise<Readonly<Record<string, unknown>>> {
    const answer = await fetch(`${this.#url}/api/v1/${path}`);
    const { status, error, data } = (await answer.json()) as {
      status: string;
      error?: string;
      data: Readonly<Record<string, unknown>>;
    };
    if (status !== "success") throw new Error(error);
    return data;
  }

  async #untilReady(): Promise<void> {
    const deadline = performance.now() + 30_000;
    const pause = () => new Promise((resolve) => setTimeout(resolve, 50, "alive"));
    do {
      const answer = await fetch(`${this.#url}/-/ready`).catch(() => undefined);
      if (answer?.ok) return;
    } while (performance.now() < deadline && (await Promise.race([this.#ended, pause()])) === "alive");
    throw new Error(`Prometheus is not ready:\n${this.#output}`);
  }
}
