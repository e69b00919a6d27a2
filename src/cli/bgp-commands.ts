/** The commands about BGP sessions: `bgp peers`, `bgp routes`, `bgp session`. */
import type { Command } from "commander";
import type { BgpOptions, Terminal } from "../inspect/options.ts";

const NEEDS = `
Needs permission to list pods and get pods/proxy in MetalLB's namespace, and to
create a token for the speakers' service account, or --send-token
(docs/inspect.md has a role).

Exit codes: 0 listed; 1 the cluster can't be read, or nobody knows the peer;
2 wrong command line.
`;

const PEERS_HELP = `
Asks the speakers, through the API server, how their BGP sessions are: one line
for each node and peer, with its state and for how long. IPV4 and IPV6 are the
routes that the peer has, of those that it is meant to have; a family that the
session is not for is left empty. PROBLEM says why there is no session, or why
routes are not sent, and what to do about it. Nothing is written.
${NEEDS}
Examples:
  metallb bgp peers
  metallb bgp peers --node node-1
  metallb bgp peers -o json | jq '.sessions[] | select(.state != "Established")'`;

const ROUTES_HELP = `
Asks the speakers which routes each peer was told, as they were told: next hop, AS
path, local preference, MED, communities (65000:100, large:65000:1:2, extended
ones as hex). STATE:
  told      the peer has it
  waiting   it is to have it, and there is no session yet, or it is being sent
  unsent    it is to have it and can't; the last column says why
  leaving   it is about to be told that it is gone
${NEEDS}
Examples:
  metallb bgp routes                         of all peers of all nodes
  metallb bgp routes router --node node-1    of one session
  metallb bgp routes -o json | jq '.sessions[].routes[] | select(.state != "told")'`;

const SESSION_HELP = `
Shows all that the speakers know of their sessions with a peer: what was agreed,
what the peer offers (unknown capabilities, too), routes and messages by type, the
last changes of state and why. Passwords are never shown.
${NEEDS}
Examples:
  metallb bgp session router
  metallb bgp session router --node node-1 -o json | jq '.sessions[].negotiated'`;

type RunBgp = (view: "peers" | "routes" | "session", options: BgpOptions) => Promise<void>;

/** `cluster` adds the options of all commands that ask a cluster; `finish` takes the exit code. */
export function addBgpCommands(
  root: Command,
  cluster: (command: Command) => Command,
  finish: (code: number) => void,
  terminal: () => Terminal,
): void {
  const run: RunBgp = async (view, options) => {
    const { runBgp } = await import("../inspect/main.ts");
    finish(await runBgp(view, options, terminal()));
  };
  const bgp = root
    .command("bgp")
    .summary("show BGP sessions and what peers were told")
    .description("Show the speakers' BGP sessions and what their peers were told.")
    .showHelpAfterError("(metallb bgp --help lists what can be shown)");
  const peers = bgp
    .command("peers")
    .summary("list the sessions of all nodes")
    .description("List the BGP sessions of all nodes, and why some are down.");
  const routes = bgp
    .command("routes")
    .argument("[peer]", "name of a BGPPeer (default: all)")
    .summary("list the routes that peers were told")
    .description("List the routes that BGP peers were told, and why some were not.");
  const session = bgp
    .command("session")
    .argument("<peer>", "name of a BGPPeer")
    .summary("show all about the sessions with a peer")
    .description("Show all that is known of the sessions with a BGP peer.");
  for (const [command, help] of [
    [peers, PEERS_HELP],
    [routes, ROUTES_HELP],
    [session, SESSION_HELP],
  ] as const) {
    cluster(command)
      .option("--node <name>", "only this node's speaker")
      .option("--send-token", "show the speakers your kubeconfig's token, not one that is made for this alone")
      .allowExcessArguments(false)
      .showHelpAfterError(`(metallb bgp ${command.name()} --help shows examples)`)
      .addHelpText("after", help);
  }
  peers.action((options: BgpOptions) => run("peers", options));
  routes.action((peer: string | undefined, options: BgpOptions) => run("routes", { ...options, peer }));
  session.action((peer: string, options: BgpOptions) => run("session", { ...options, peer }));
}
