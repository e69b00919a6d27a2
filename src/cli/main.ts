/** The one executable: finds out what it is to be, and hands over. */
import { existsSync } from "node:fs";
import { isMainThread, workerData } from "node:worker_threads";
import { Command, CommanderError } from "commander";
import type { AcceptedFlags } from "../lib/flags.ts";
import { CONTROLLER_ACCEPTED_FLAGS, CONTROLLER_DEFAULTS } from "../controller/flags.ts";
import { SPEAKER_ACCEPTED_FLAGS, SPEAKER_DEFAULTS } from "../speaker/flags.ts";
import { addInspectCommands } from "./inspect-commands.ts";
import { addFlags, CONTROLLER_FLAGS, type Flag, fromGoSyntax, givenOf, SPEAKER_FLAGS, switchesOf } from "./flags.ts";
import { VERSION } from "./version.ts";

/** The development bundle stands beside the production bundle; an image has only the latter. */
const DEVELOPMENT_BUNDLE = new URL("./metallb-dev.mjs", import.meta.url);

const EXAMPLES = `
Examples:
  metallb demo                         a small data centre on this machine, to look at and to play with
  metallb validate -f pools.yaml       is this configuration right?
  metallb explain service shop/web     why has this Service no address, or this one?
  metallb owners                       which node announces which address?
  metallb plan -f pools.yaml           who would lose or change an address?
  metallb controller --help            flags of the controller, one per cluster
  metallb speaker --node-name=node-1   the speaker, one per node`;

/** Exit code for a command line that can't be understood. */
const USAGE = 2;

interface Process {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  readonly accepted: AcceptedFlags;
  readonly defaults: object;
  readonly run: (options: object) => Promise<number>;
}

const PROCESSES: readonly Process[] = [
  {
    name: "controller",
    summary: "give Services their addresses",
    flags: CONTROLLER_FLAGS,
    accepted: CONTROLLER_ACCEPTED_FLAGS,
    defaults: CONTROLLER_DEFAULTS,
    run: async (options) => {
      const { runController } = await import("../controller/main.ts");
      return runController({ ...CONTROLLER_DEFAULTS, ...options }, process.env);
    },
  },
  {
    name: "speaker",
    summary: "announce the addresses that this node owns",
    flags: SPEAKER_FLAGS,
    accepted: SPEAKER_ACCEPTED_FLAGS,
    defaults: SPEAKER_DEFAULTS,
    run: async (options) => {
      const { runSpeaker } = await import("../speaker/main.ts");
      return runSpeaker({ ...SPEAKER_DEFAULTS, ...options }, process.env);
    },
  },
];

async function runDevelopment(argv: readonly string[]): Promise<number> {
  if (!existsSync(DEVELOPMENT_BUNDLE)) {
    process.stderr.write(
      `metallb ${argv[0]} is a development command and not in this installation (no ${DEVELOPMENT_BUNDLE.pathname}).\n` +
        "In a checkout: npm run build\n",
    );
    return 1;
  }
  const development = (await import(DEVELOPMENT_BUNDLE.href)) as { runDev(argv: readonly string[]): Promise<number> };
  return development.runDev(argv);
}

function program(finish: (code: number) => void): Command {
  const root = new Command("metallb")
    .description("A load balancer for bare-metal Kubernetes.")
    .version(VERSION, "--version")
    .showHelpAfterError("(metallb --help lists the commands)")
    .addHelpText("after", EXAMPLES)
    .exitOverride();
  for (const { name, summary, flags, accepted, defaults, run } of PROCESSES) {
    const command = root.command(name).description(summary).allowExcessArguments(false);
    addFlags(command, flags, accepted, defaults).action(async (options: object) =>
      finish(await run({ ...options, accepted: givenOf(command, accepted) })),
    );
  }
  addInspectCommands(root, finish);
  const development = { demo: "a small data centre on this machine", "api-server": "an embedded API server" };
  for (const [name, summary] of Object.entries(development)) {
    root
      .command(name)
      .description(`${summary} (development)`)
      .helpOption(false)
      .allowUnknownOption()
      .allowExcessArguments()
      .action(async (_, command: Command) => finish(await runDevelopment([name, ...command.args])));
  }
  root
    .command("version")
    .description("print the version")
    .action(() => {
      process.stdout.write(`metallb ${VERSION}\n`);
      finish(0);
    });
  return root;
}

async function main(argv: readonly string[]): Promise<number> {
  const [name = "", ...rest] = argv;
  // Internal commands of the lab (lab-node, lab-relay) belong to the development bundle, too.
  if (name.startsWith("lab-")) return runDevelopment(argv);
  const called = PROCESSES.find((process) => process.name === name);
  const switches = called === undefined ? undefined : switchesOf(called.flags, called.accepted);
  let code = 0;
  try {
    const words = switches === undefined ? argv : [name, ...fromGoSyntax(rest, switches)];
    await program((result) => (code = result)).parseAsync([...words], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    code = error.exitCode === 0 ? 0 : USAGE;
  }
  return code;
}

if (isMainThread) {
  // A reader that has seen enough (head, less) closes the pipe: that is no reason to complain.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  process.exitCode = await main(process.argv.slice(2));
} else if ((workerData as { role?: unknown } | null)?.role === "protocol") {
  const { runProtocolWorker } = await import("../speaker/protocol-worker.ts");
  runProtocolWorker();
}
