import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { addFlags, fromGoSyntax, givenOf, switchesOf, type Flag } from "./flags.ts";

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
