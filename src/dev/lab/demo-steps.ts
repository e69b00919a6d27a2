import { seconds } from "../../lib/duration.ts";
import { EnvironmentError } from "../../lib/errors.ts";
import type { ObjectName } from "../../ports/kube.ts";
import type { ClientView } from "./client-view.ts";
import type { Lab } from "./lab.ts";
import type { Progress } from "./progress.ts";

/** The application's namespace, as its manifest has it. */
export const NAMESPACE = "webapp";

/** How long control loops may take on a busy machine; each is usually done in a fraction of a second. */
export const CONVERGE = seconds(15);

/** What an HTTP request to the application's frontend brings. */
export const FRONTEND_ANSWER = /^pod frontend-\d on node-\d, port 8080\/TCP$/;

/** A step: a Service gets so many addresses. Resolves to them. */
export function serviceHasAddresses(
  { cluster }: Lab,
  progress: Progress,
  { name, wanted }: { readonly name: string; readonly wanted: 1 | 2 },
): Promise<readonly string[]> {
  return progress.step(
    `${name} has its address`,
    () =>
      progress.until(`${name} to get ${wanted === 1 ? "an address" : "two addresses"}`, CONVERGE, async () => {
        const addresses = await cluster.addressesOf(inNamespace(name));
        return addresses.length === wanted ? addresses : undefined;
      }),
    (addresses) => addresses.join(", "),
  );
}

/** A step: a command line with curl prints what it must. */
export async function curlPrints(
  client: ClientView,
  progress: Progress,
  { command, answer }: { readonly command: readonly string[]; readonly answer: RegExp },
): Promise<void> {
  await progress.step(
    command.join(" "),
    async () => {
      const printed = await client.fetch(command);
      if (!answer.test(printed)) throw unexpected(`it printed ${JSON.stringify(printed)}, not ${String(answer)}`);
      return printed;
    },
    (printed) => printed,
  );
}

export function inNamespace(name: string): ObjectName {
  return { namespace: NAMESPACE, name };
}

export function unexpected(message: string): EnvironmentError {
  return new EnvironmentError("unexpected", message, { retryable: false });
}
