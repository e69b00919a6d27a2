import type { Lab } from "../../../src/dev/lab/lab.ts";
import { type LabNode, SWITCH } from "../../../src/dev/lab/topology.ts";

/** A way for a node to lose what it owns, and what gives it back. */
export interface FailoverKind {
  /** Whether the speaker or the cluster knows of it before it happens. */
  readonly planned: boolean;
  take(lab: Lab, owner: LabNode): Promise<void>;
  giveBack(lab: Lab, owner: LabNode): Promise<void>;
}

export const FAILOVER_KINDS = {
  killed: {
    planned: false,
    take: (lab, owner) => lab.killSpeaker(owner),
    giveBack: (lab, owner) => lab.startSpeaker(owner),
  },
  linkDown: {
    planned: false,
    take: (lab, owner) => atSwitch(lab, ["ip", "link", "set", owner.name, "down"]),
    giveBack: (lab, owner) => atSwitch(lab, ["ip", "link", "set", owner.name, "up"]),
  },
  /** Nothing goes through the switch's port any more, and the link stays up. */
  silentDrop: {
    planned: false,
    take: (lab, owner) => atSwitch(lab, ["bridge", "link", "set", "dev", owner.name, "state", "disabled"]),
    giveBack: (lab, owner) => atSwitch(lab, ["bridge", "link", "set", "dev", owner.name, "state", "forwarding"]),
  },
  paused: {
    planned: false,
    take: (lab, owner) => lab.signalSpeaker(owner, "SIGSTOP"),
    giveBack: (lab, owner) => lab.signalSpeaker(owner, "SIGCONT"),
  },
  stopped: {
    planned: true,
    take: (lab, owner) => lab.stopSpeaker(owner),
    giveBack: (lab, owner) => lab.startSpeaker(owner),
  },
} satisfies Readonly<Record<string, FailoverKind>>;

async function atSwitch(lab: Lab, command: readonly string[]): Promise<void> {
  const { code, stderr } = await lab.run(SWITCH.name, command);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
}
