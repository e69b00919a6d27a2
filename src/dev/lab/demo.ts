import { once as nextEvent } from "node:events";
import { EnvironmentError, errorMessage } from "../../lib/errors.ts";
import { runBgpScript } from "./bgp-script.ts";
import { runDemoScript } from "./demo-script.ts";
import type { Lab } from "./lab.ts";
import type { LabRouter } from "./lab-router.ts";
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
    const performance = await perform(lab, progress);
    code = performance.code;
    if (keep || (!once && code === 0)) await stayUp(lab, progress, { interrupted, router: performance.router });
  } catch (error) {
    code = tellFailure(error, progress);
  }
  if (code === 1) folder.keepLogs();
  await lab?.close();
  tellLogs(folder, progress);
  return code;
}

interface Performance {
  readonly code: number;
  /** undefined when there is none. */
  readonly router: LabRouter | undefined;
}

async function perform(lab: Lab, progress: Progress): Promise<Performance> {
  try {
    const nodes = await runDemoScript(lab, progress);
    const router = await runBgpScript(lab, progress, nodes);
    await checkRoles(lab, progress);
    progress.heading("Everything was as it must be.");
    return { code: 0, router };
  } catch (error) {
    return { code: tellFailure(error, progress), router: undefined };
  }
}

/** The API server has enforced the roles of the manifests all the time. */
async function checkRoles({ access }: Lab, progress: Progress): Promise<void> {
  progress.heading("Controller and speakers may do what they do, and nothing else");
  await progress.step(
    "nothing that was asked of the API server was denied",
    async () => {
      const { denied } = access;
      if (denied.length > 0) throw new EnvironmentError("denied", denied.join("; "), { retryable: false });
    },
    () => `${access.requests} requests of controller, speakers and nodes`,
  );
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

async function stayUp(
  lab: Lab,
  progress: Progress,
  { interrupted, router }: { readonly interrupted: Promise<never>; readonly router: LabRouter | undefined },
): Promise<void> {
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
  A new Pod, or a Deployment's, answers on its ports with its name.
  Logs: ${lab.folder.podLogs}`);
  if (router !== undefined) progress.text(`  Ask the router:\n    ${router.consoleCommand}`);
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
