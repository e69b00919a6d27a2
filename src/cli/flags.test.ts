import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { CONTROLLER_ACCEPTED_FLAGS, CONTROLLER_DEFAULTS } from "../controller/flags.ts";
import { SPEAKER_ACCEPTED_FLAGS, SPEAKER_DEFAULTS } from "../speaker/flags.ts";
import { addFlags, CONTROLLER_FLAGS, type Flag, fromGoSyntax, givenOf, SPEAKER_FLAGS, switchesOf } from "./flags.ts";

const FLAGS: readonly Flag[] = [
  { name: "port", kind: "port", help: "a port" },
  { name: "lb-class", kind: "text", help: "a class" },
  { name: "ignore-exclude-lb", kind: "switch", help: "a switch" },
  { name: "leader-elect", kind: "opt-out", help: "a switch that is on" },
];
const ACCEPTED = {
  host: { takesValue: true, meaning: "has no effect" },
  "ml-wan-config": { takesValue: false, meaning: "has no effect" },
};

function parse(...argv: string[]): Command {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addFlags(command, FLAGS, ACCEPTED, { port: 9120, lbClass: "", ignoreExcludeLb: false, leaderElect: true });
  return command.parse([...fromGoSyntax(argv, switchesOf(FLAGS, ACCEPTED))], { from: "user" });
}

describe("flags", () => {
  test.each([
    { argv: [], want: { port: 9120, leaderElect: true } },
    { argv: ["-port=7472", "--lb-class=a/b"], want: { port: 7472, lbClass: "a/b", leaderElect: true } },
    { argv: ["--port", "0", "-lb-class", "a=b"], want: { port: 0, lbClass: "a=b", leaderElect: true } },
    { argv: ["-ignore-exclude-lb=true"], want: { port: 9120, ignoreExcludeLb: true, leaderElect: true } },
    { argv: ["--ignore-exclude-lb=false"], want: { port: 9120, leaderElect: true } },
    { argv: ["-leader-elect=true"], want: { port: 9120, leaderElect: true } },
    { argv: ["-leader-elect=false"], want: { port: 9120, leaderElect: false } },
  ])("$argv", ({ argv, want }) => {
    expect(parse(...argv).opts()).toEqual(want);
  });

  test("flags of the reference that do nothing are accepted and reported", () => {
    const command = parse("--host=10.0.0.1", "-ml-wan-config=true");
    expect(givenOf(command, ACCEPTED)).toEqual(["host", "ml-wan-config"]);
    expect(givenOf(parse(), ACCEPTED)).toEqual([]);
    expect(command.helpInformation()).not.toContain("host");
  });

  test.each([["--port=x"], ["--port=65536"], ["--port=-1"], ["--prot=1"], ["--port"]])("%s is refused", (argument) => {
    expect(() => parse(argument)).toThrow(/port|prot/);
  });
});

describe("the command lines of the processes", () => {
  const PROCESSES = [
    {
      process: "controller",
      flags: CONTROLLER_FLAGS,
      defaults: CONTROLLER_DEFAULTS,
      accepted: CONTROLLER_ACCEPTED_FLAGS,
    },
    { process: "speaker", flags: SPEAKER_FLAGS, defaults: SPEAKER_DEFAULTS, accepted: SPEAKER_ACCEPTED_FLAGS },
  ];
  const camelCase = (name: string) => name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

  test.each(PROCESSES)("each flag of the $process has a default, and each default a flag", ({ flags, defaults }) => {
    const names = flags.map(({ name }) => camelCase(name));
    expect([...names, "accepted"].toSorted()).toEqual(Object.keys(defaults).toSorted());
  });

  /** MetalLB 0.16.1. */
  const COMMON =
    "port namespace log-level pprof-bind-address health-probe-port lb-class pod-name tls-min-version tls-cipher-suites " +
    "tls-curve-preferences metrics-cert-dir kubeconfig";
  const REFERENCE = {
    controller:
      "ml-secret-name deployment disable-cert-rotation cert-dir cert-service-name webhook-mode webhook-secret webhook-http2",
    speaker:
      "node-name host ml-bindaddr ml-bindport ml-labels ml-secret-key-path ml-wan-config ignore-exclude-lb " +
      "bgp-debounce-timeout frrk8s-namespace frrk8s-secret-passthrough",
  };

  test.each(PROCESSES)("the $process takes every flag of the reference", ({ process, flags, accepted }) => {
    const known = [...flags.map(({ name }) => name), ...Object.keys(accepted)];
    const wanted = `${COMMON} ${REFERENCE[process as keyof typeof REFERENCE]}`.split(" ");
    expect(known).toEqual(expect.arrayContaining(wanted));
  });
});
