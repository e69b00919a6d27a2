/** The commands that answer questions: `validate`, `explain`, `plan`. */
import { type Command, Option } from "commander";
import type { Terminal, ValidateOptions } from "../inspect/options.ts";

/** Each of them is loaded only when it is called. */
type Finish = (code: number) => void;

const VALIDATE_HELP = `
Checks IPAddressPools, L2Advertisements, BGPAdvertisements, BGPPeers,
BFDProfiles and Communities as the API server, the admission webhook and the
running processes would: schema, unknown fields, addresses, overlaps,
references. No cluster is needed, and none is asked. Objects of other kinds are
counted and left alone.

Each issue is one line, with what is wrong and what to do about it:
  file:line: error: object: field: message; fix
A warning is about something that may be right in the cluster, such as a name
that is not in these files. Warnings don't fail.

Exit codes: 0 no errors; 1 errors; 2 wrong command line, or unreadable file.

Examples:
  metallb validate -f pools.yaml                  a file
  metallb validate -f base/ -f overlays/site-1/   folders, at any depth
  helm template . | metallb validate -f -         standard input
  metallb validate -f . -o json | jq '.issues[]'  for programs`;

/** Adds the commands to the program. `finish` takes the exit code. */
export function addInspectCommands(root: Command, finish: Finish): void {
  const validate = root
    .command("validate")
    .summary("check manifests of metallb.io objects, without a cluster")
    .description("Check manifests of metallb.io objects, without a cluster.")
    .addOption(files())
    .option(
      "--namespace <name>",
      "where objects that name no namespace will be (default: as the others, or metallb-system)",
    )
    .addOption(output())
    .allowExcessArguments(false)
    .showHelpAfterError("(metallb validate --help shows examples)")
    .addHelpText("after", VALIDATE_HELP);
  validate.action(async ({ filename, namespace, output }: ValidateOptions) => {
    const { runValidate } = await import("../inspect/main.ts");
    finish(await runValidate({ filename, namespace, output }, terminal()));
  });
}

function files(): Option {
  return new Option("-f, --filename <path...>", "files or folders; - is standard input").makeOptionMandatory();
}

function output(): Option {
  return new Option("-o, --output <format>", "how to print the report").choices(["text", "json"]).default("text");
}

function terminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  // A reader that has seen enough (head, less) closes the pipe: that is no reason to complain.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return { stdin, stdout, stderr, env };
}
