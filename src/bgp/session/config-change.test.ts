import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { PLACES, sessionConfig } from "../../../test/support/bgp-session-config.ts";
import { peerOpen, SessionLab } from "../../../test/support/bgp-session-lab.ts";
import { millis, seconds } from "../../lib/duration.ts";
import type { SessionConfig, TransportConfig } from "./config.ts";

type Row = [field: string, what: string, change: Partial<SessionConfig>, needsReset: boolean];

const transport = (change: Partial<TransportConfig>): Partial<SessionConfig> => ({
  transport: { ...sessionConfig().transport, ...change },
});

const restart = { is: "graceful-restart", restarting: false, notification: true, time: 120, families: [] } as const;

/** A session with hold times of 90 s here and 60 s there. */
const ROWS: readonly Row[] = [
  ["localAsn", "another", { localAsn: 64_999 }, true],
  ["remoteAs", "another AS", { remoteAs: { is: "number", asn: 64_999 } }, true],
  ["remoteAs", "another word for the AS that it is", { remoteAs: { is: "external" } }, false],
  ["routerId", "another", { routerId: 1 }, true],
  ["families", "one less", { families: ["IPv4"] }, true],
  ["families", "the same in another list", { families: ["IPv4", "IPv6"] }, false],
  ["extendedNextHop", "one more", { extendedNextHop: ["IPv4"] }, true],
  ["holdTime", "one that would be agreed on", { holdTime: seconds(30) }, true],
  ["holdTime", "none", { holdTime: millis(0) }, true],
  ["holdTime", "the peer's stays the smaller one", { holdTime: seconds(180) }, false],
  ["keepaliveTime", "another", { keepaliveTime: seconds(5) }, false],
  ["connectTime", "another", { connectTime: seconds(5) }, false],
  ["passive", "another", { passive: true }, false],
  ["delayOpenTime", "another", { delayOpenTime: seconds(5) }, false],
  ["maxPrefixes", "another", { maxPrefixes: 5 }, false],
  ["gracefulRestart", "now offered", { gracefulRestart: restart }, true],
  ["remote", "another address", transport({ remote: PLACES.IPv6.peer }), true],
  ["zone", "another interface", transport({ zone: "eth1" }), true],
  ["port", "another", transport({ port: 1179 }), true],
  ["source", "another address", transport({ source: PLACES.IPv4.us }), true],
  ["vrf", "another", transport({ vrf: "red" }), true],
  ["multiHop", "another", transport({ multiHop: true }), true],
  ["ttlSecurity", "another", transport({ ttlSecurity: true }), true],
  ["keyVersion", "another key", transport({ keyVersion: 2 }), true],
];

function established(): SessionLab {
  const lab = new SessionLab();
  lab.establish(peerOpen({ holdTime: 60 }));
  return lab;
}

describe("a changed field of a session that stands", () => {
  test.each(ROWS)("%s (%s)", (field, _, change, needsReset) => {
    const lab = established();
    expect(lab.session.replaceConfig(sessionConfig(change))).toEqual(needsReset ? [field] : []);
    expect(lab.session.state).toBe("Established");
  });

  test("there is a row for each field, here and in docs/bgp.md", () => {
    const { transport, ...rest } = sessionConfig();
    const fields = [...Object.keys(rest), ...Object.keys(transport)];
    expect(new Set(ROWS.map(([field]) => field))).toEqual(new Set(fields));
    const docs = readFileSync("docs/bgp.md", "utf8");
    expect(fields.filter((field) => !docs.includes(`| \`${field}\``))).toEqual([]);
  });

  test("counts at once where no reset is needed", () => {
    const lab = established();
    lab.session.replaceConfig(sessionConfig({ keepaliveTime: seconds(4) }));
    expect(lab.pass(18_000).filter((one) => one.includes("KEEPALIVE"))).toEqual([
      "15: out-1 KEEPALIVE",
      "18: out-1 KEEPALIVE",
    ]);
  });

  test("counts after the reset where one is", () => {
    const lab = established();
    lab.session.replaceConfig(sessionConfig({ routerId: 77 }));
    lab.do({ on: "reset", why: "config-changed" });
    expect(lab.notification).toMatchObject({ code: 6, subcode: 6 });
    lab.do(lab.connected(lab.nextAttempt()));
    const opens = lab.actions.flatMap((action) =>
      action.do === "send" && action.message.type === "open" ? [action.message] : [],
    );
    expect(opens.map(({ routerId }) => routerId)).toEqual([sessionConfig().routerId, 77]);
  });
});

test("a session that doesn't stand tries anew for each change of what it might have failed for", () => {
  const lab = new SessionLab();
  lab.do({ on: "start" });
  const change = { remoteAs: { is: "external" }, holdTime: seconds(180), connectTime: seconds(5) } as const;
  expect(lab.session.replaceConfig(sessionConfig(change))).toEqual(["remoteAs", "holdTime"]);
});
