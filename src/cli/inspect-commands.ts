/** The commands that answer questions: `validate`, `explain`, `owners`, `plan`, and those of `bgp`. */
import { type Command, Option } from "commander";
import { addBgpCommands } from "./bgp-commands.ts";
import type { ExplainOptions, PlanOptions, SpeakerOptions, Terminal, ValidateOptions } from "../inspect/options.ts";

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

const EXPLAIN_HELP = `
Reads the cluster's Services, pools and namespaces once, makes the controller's
decision with the controller's own code, and shows what it rests on: what the
Service asks for, each pool and why it was used or not, who shares the address,
why a request is refused and what mends that, and whether the status says the
same. Nothing is written; it works while no controller runs.

Then who announces it on layer 2: what the speakers say, whom the speakers' own
code elects, node by node what keeps it from announcing, and what may have led
to a difference. The speakers themselves are asked through the API server: who
is alive for them, who answers with which MAC, which request was answered last.
And who announces it with BGP: each node's routes and the peers that are meant to
get them, what keeps a node from it, what the speakers say, and which peers were
sent the routes, or why not: no session and what ended it, a family that was not
agreed.

Needs permission to list services, namespaces and ipaddresspools.metallb.io.
The rest is shown if it can be read (docs/inspect.md has a ClusterRole).

Exit codes: 0 explained; 1 no such Service, or the cluster can't be read;
2 wrong command line.

Examples:
  metallb explain service shop/web             Service web of namespace shop
  metallb explain service web -n shop          the same
  metallb explain service shop/web -o json | jq .decision.refusal.code
  metallb explain service shop/web -o json | jq '.layer2.nodes[] | {node, code}'`;

const OWNERS_HELP = `
Lists every address that a Service shows, with the node that says that it
announces it on layer 2 (ServiceL2Status) and the interfaces. Where nobody does,
it says why: no L2Advertisement, no ready endpoint, no node that may, or a node
that should by the speakers' own code. Where several do, or where the owner's
speaker isn't ready, it says that. The speakers themselves are asked through the
API server: on which interfaces and with which MAC they answer, when they did so
last, and whether what they do is what they say. Nothing is written.

Needs permission to list services, namespaces, nodes, endpointslices and the
ipaddresspools, l2advertisements and servicel2statuses of metallb.io
(docs/inspect.md has a ClusterRole).

Exit codes: 0 listed; 1 the cluster can't be read; 2 wrong command line.

Examples:
  metallb owners
  metallb owners -o json | jq '.addresses[] | select(.problems != [])'`;

const PLAN_HELP = `
Shows what the controller would do if these objects were applied: which Services
would lose their address, move to another or gain one, why, and how full the
pools would be. It reads the cluster and decides in memory with the controller's
own code. Nothing is written.

An object in the files takes the place of the one with its kind and name; what
is not in the files stays, unless --delete names it, or --prune is given and its
kind is in the files. Errors are those that metallb validate and the admission
webhook would report.

With --takeover, the addresses that Services show were given by another program,
such as MetalLB's controller: what this one would change when it takes its place.

Needs permission to list services, namespaces and ipaddresspools.metallb.io. The
other kinds are checked, too, as far as they can be read (docs/inspect.md has a
ClusterRole).

Exit codes: 0 every Service keeps the addresses it has; 3 some would lose or
change one; 1 the change is invalid, or the cluster can't be read; 2 wrong
command line, or unreadable file.

Examples:
  metallb plan -f pools.yaml                     these pools changed or added
  metallb plan --delete pool-a                   a pool deleted
  metallb plan -f new.yaml --delete old          a pool replaced by another
  metallb plan -f base/ --prune                  nothing else but what is there
  metallb plan --takeover                        MetalLB replaced by this controller
  metallb plan -f pools.yaml -o json | jq '.services[] | select(.change=="lose")'`;

/** Adds the commands to the program. `finish` takes the exit code, and `terminal` gives what they read and print to. */
export function addInspectCommands(root: Command, finish: Finish, terminal = processTerminal): void {
  const validate = root
    .command("validate")
    .summary("check manifests of metallb.io objects, without a cluster")
    .description("Check manifests of metallb.io objects, without a cluster.")
    .addOption(files(true))
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
  const explain = root
    .command("explain")
    .summary("say why something is as it is")
    .description("Say why something is as it is, from a live cluster.")
    .showHelpAfterError("(metallb explain --help lists what can be explained)");
  const service = explain
    .command("service")
    .alias("svc")
    .argument("<name>", "NAMESPACE/NAME, or NAME with -n")
    .summary("why a Service has its address, or none")
    .description("Say why a Service has the address that it has, or none.")
    .option("-n, --service-namespace <name>", "the Service's namespace (default: of the kubeconfig's context)")
    .allowExcessArguments(false)
    .showHelpAfterError("(metallb explain service --help shows examples)")
    .addHelpText("after", EXPLAIN_HELP);
  speakers(cluster(service)).action(async (name: string, options: Omit<ExplainOptions, "service">) => {
    const { runExplainService } = await import("../inspect/main.ts");
    finish(await runExplainService({ ...options, service: name }, terminal()));
  });
  const owners = root
    .command("owners")
    .summary("list who announces which address on layer 2")
    .description("List who announces which address of a cluster on layer 2, and why nobody does.")
    .allowExcessArguments(false)
    .showHelpAfterError("(metallb owners --help shows examples)")
    .addHelpText("after", OWNERS_HELP);
  speakers(cluster(owners)).action(async (options: SpeakerOptions) => {
    const { runOwners } = await import("../inspect/main.ts");
    finish(await runOwners(options, terminal()));
  });
  addBgpCommands(root, reached, finish, terminal);
  const plan = root
    .command("plan")
    .summary("show what a changed configuration would do to Services")
    .description("Show what a changed configuration would do to the Services of a cluster.")
    .addOption(files(false))
    .option("--delete <name...>", "pools to delete, or other objects as KIND/NAME")
    .option("--prune", "delete objects of the files' kinds that are not in the files")
    .option("--takeover", "another controller, such as MetalLB's, gave the addresses")
    .allowExcessArguments(false)
    .showHelpAfterError("(metallb plan --help shows examples)")
    .addHelpText("after", PLAN_HELP);
  cluster(plan).action(async (options: PlanOptions) => {
    const { runPlan } = await import("../inspect/main.ts");
    finish(await runPlan(options, terminal()));
  });
}

/** What every command that asks a cluster takes. */
function cluster(command: Command): Command {
  return reached(command).option("--lb-class <class>", "--lb-class of controller and speakers, if they have one");
}

/** Where the cluster is, and how the report is printed. */
function reached(command: Command): Command {
  return command
    .option("--kubeconfig <file>", "which cluster to ask (default: KUBECONFIG, ~/.kube/config)")
    .option("--namespace <name>", "where MetalLB is installed (default: METALLB_NAMESPACE, metallb-system)")
    .addOption(output());
}

/** What commands that follow the speakers take, too. */
function speakers(command: Command): Command {
  return command
    .option("--ignore-exclude-lb", "the speakers run with --ignore-exclude-lb")
    .option("--no-live", "don't ask the speakers themselves")
    .option("--send-token", "show the speakers your kubeconfig's token, not one that is made for this alone");
}

function files(mandatory: boolean): Option {
  const option = new Option("-f, --filename <path...>", "files or folders; - is standard input");
  return option.makeOptionMandatory(mandatory);
}

function output(): Option {
  return new Option("-o, --output <format>", "how to print the report").choices(["text", "json"]).default("text");
}

function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return { stdin, stdout, stderr, env };
}
