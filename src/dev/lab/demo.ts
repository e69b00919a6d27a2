import { once as nextEvent } from "node:events";
import { errorMessage } from "../../lib/errors.ts";
import { runDemoScript } from "./demo-script.ts";
import type { Lab } from "./lab.ts";
import type { LabFolder } from "./lab-folder.ts";
import { createLabFolder, openLab } from "./open-lab.ts";
import { Interruption, isInterruption, type Output, Progress, StepError } from "./progress.ts";
import { CLIENT, NODES, SWITCH } from "./topology.ts";

export interface DemoOptions {
  /** The folder with the bundles. */
  readonly dist: string;
  /** Ends after the script instead of staying up. */
  readonly once: boolean;
  /** Stays up after the script, whatever its outcome. */
  readonly keep: boolean;
  readonly output: Output;
}

/** The shell's code for a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Builds the data centre, runs the script and stays up until it is told to stop. Resolves to the exit code. */
export async function demo({ dist, once, keep, output }: DemoOptions): Promise<number> {
  const progress = new Progress(output);
  const folder = createLabFolder();
  const interrupted = interruption();
  progress.failWith(interrupted);
  let lab: Lab | undefined;
  let code: number;
  try {
    lab = await openLab({ dist, folder, progress });
    code = await perform(lab, progress);
    if (keep || (!once && code === 0)) await stayUp(lab, progress, interrupted);
  } catch (error) {
    code = tellFailure(error, progress);
  }
  if (code === 1) folder.keepLogs();
  await lab?.close();
  tellLogs(folder, progress);
  return code;
}

async function perform(lab: Lab, progress: Progress): Promise<number> {
  try {
    await runDemoScript(lab, progress);
    progress.heading("Everything was as it must be.");
    return 0;
  } catch (error) {
    return tellFailure(error, progress);
  }
}

function tellFailure(error: unknown, progress: Progress): number {
  if (isInterruption(error)) return INTERRUPTED;
  const what = error instanceof StepError ? `this step failed: ${error.step}` : errorMessage(error);
  progress.heading(`The demo ends here; ${what}`);
  return 1;
}

/** What is left of the folder after the end: the logs of a failure. */
function tellLogs(folder: LabFolder, progress: Progress): void {
  if (folder.hasLogs()) progress.text(`Logs of all programs: ${folder.podLogs} and ${folder.standInLog("*")}`);
  else folder.remove();
}

async function stayUp(lab: Lab, progress: Progress, interrupted: Promise<never>): Promise<void> {
  progress.text(`
The lab stays up until Ctrl-C. Nothing of it is seen outside its own namespaces.
  In another terminal:
    export KUBECONFIG=${lab.folder.kubeconfig}
    kubectl get services -A
    kubectl describe service -n webapp webapp-intruder
    kubectl logs -n metallb-system -l component=speaker
  Enter the client (or ${[...NODES.map(({ name }) => name), SWITCH.name].join(", ")} instead):
    ${lab.enterCommand(CLIENT.name)} bash
    curl http://192.168.1.200/
  See the answers on the wire:
    ${lab.enterCommand(CLIENT.name)} tcpdump -ni eth0 arp or icmp6
  A new Pod needs spec.nodeName (there is no scheduler); it answers on its ports with its name.
  Logs: ${lab.folder.podLogs}`);
  lab.trouble.catch((error: unknown) => progress.text(errorMessage(error)));
  await interrupted.catch(() => undefined);
}

/** Rejects when somebody wants the demo to end. */
function interruption(): Promise<never> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => nextEvent(process, signal));
  const interrupted = Promise.race(signals).then(() => {
    throw new Interruption("stopped, as asked");
  });
  interrupted.catch(() => undefined);
  return interrupted;
}
