import { type ChildProcess, spawn } from "node:child_process";
import { cpus } from "node:os";
import type { Lab } from "../../../src/dev/lab/lab.ts";
import { NODES } from "../../../src/dev/lab/topology.ts";
import { openTestLab } from "../../support/lab.ts";
import { compile } from "./c-program.ts";
import type { Seen } from "./change-of-owner.ts";
import { hrtime, Observer } from "./observer.ts";
import { createService } from "./two-address-service.ts";

export interface CalmReport {
  readonly minutes: number;
  readonly busyProcesses: number;
  /** How often a speaker said of a living node that it went; must be 0. */
  readonly falseDeaths: number;
  /** How often answers came from another node than the one before; must be 0. */
  readonly ownerChanges: number;
  /** How often a speaker held back since it did not run for a while, or heard nobody. */
  readonly doubts: number;
  readonly questions: number;
  readonly unanswered: number;
}

interface LogLine {
  readonly ts: string;
  readonly msg: string;
  readonly went?: readonly string[];
}

/** Nothing happens in a lab with three speakers, except that others keep every processor busy. */
export async function benchCalm(minutes: number, tell: (progress: string) => void): Promise<CalmReport> {
  using program = compile("probe");
  const lab = await openTestLab();
  const busy: ChildProcess[] = [];
  try {
    const observer = await Observer.start(lab, program.path, await createService(lab));
    const [from, startedAt] = [hrtime(), Date.now()];
    observer.forget(from);
    for (let i = 0; i < cpus().length; i++) busy.push(keepBusy(minutes));
    for (let minute = 1; minute <= Math.ceil(minutes); minute++) {
      await pause(Math.min(1, minutes - minute + 1) * 60_000);
      tell(`calm: ${minute} of ${minutes} minutes, ${JSON.stringify(await judge(lab, startedAt))}`);
    }
    const families = (["IPv4", "IPv6"] as const).map((family) => judgeAnswers(observer.since(from, family)));
    const sum = (name: keyof (typeof families)[0]): number =>
      families.reduce((total, family) => total + family[name], 0);
    return {
      minutes,
      busyProcesses: busy.length,
      ...(await judge(lab, startedAt)),
      ownerChanges: sum("ownerChanges"),
      questions: sum("questions"),
      unanswered: sum("unanswered"),
    };
  } finally {
    for (const process of busy) process.kill();
    await lab.close();
  }
}

/** Ends by itself, also when nobody is left to end it. */
function keepBusy(minutes: number): ChildProcess {
  return spawn("timeout", [`${minutes * 60 + 60}`, "sh", "-c", "while :; do :; done"], { stdio: "ignore" });
}

async function judge(lab: Lab, since: number): Promise<Pick<CalmReport, "falseDeaths" | "doubts">> {
  const logs = await Promise.all(NODES.map((node) => lab.speakerLog(node)));
  const lines = logs.flatMap((log) => {
    const lines = log.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line) as LogLine).filter(({ ts }) => Date.parse(ts) >= since);
  });
  return {
    falseDeaths: lines.reduce((count, { went = [] }) => count + went.length, 0),
    doubts: lines.filter(({ msg }) => msg.includes("it answers nothing until")).length,
  };
}

function judgeAnswers(seen: readonly Seen[]) {
  const answers = seen.filter(({ kind }) => kind === "answer");
  const questions = seen.filter(({ kind }) => kind === "question").length;
  return {
    ownerChanges: answers.filter(({ mac }, i) => i > 0 && mac !== answers[i - 1]!.mac).length,
    questions,
    unanswered: questions - answers.length,
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
