import { describe, expect, test } from "vitest";
import { downPeerOf, livePeerOf } from "../../../test/support/live-peers.ts";
import { END_CODES } from "../../bgp/session/reason.ts";
import type { LivePeer } from "../../speaker/bgp/live-bgp.ts";
import type { AskedSpeaker } from "../live/live-view.ts";
import { NO_PAINT } from "../render/paint.ts";
import { renderPeers } from "./render-peers.ts";
import { renderRoutes } from "./render-routes.ts";
import { renderSessions } from "./render-session.ts";
import { sessionsReport } from "./sessions-report.ts";

const REFUSED = { code: "connect-failed", reason: "the connection was refused" } as const;
const PAGE = { paint: NO_PAINT, width: 220 };

function speaker(node: string, peers?: readonly LivePeer[]): AskedSpeaker {
  const bgp = peers === undefined ? {} : { bgp: { peers } };
  return { node, pod: `speaker-${node}`, now: Date.UTC(2026, 0, 1), addresses: [], ...bgp };
}

describe("the report", () => {
  test("sessions are in the order of nodes and peers, with their age by the speaker's clock", () => {
    const { summary, sessions } = sessionsReport([
      speaker("b", [livePeerOf("y")]),
      speaker("a", [livePeerOf("z"), downPeerOf("x", REFUSED)]),
    ]);
    expect(summary).toBe("3 BGP sessions: 2 established, 1 down");
    expect(sessions.map(({ node, name }) => `${node} ${name}`)).toEqual(["a x", "a z", "b y"]);
    expect(sessions).toMatchObject([
      { sinceSeconds: 180, lastEnd: { secondsAgo: 2 }, problems: [{ code: "down" }] },
      { problems: [] },
      {},
    ]);
  });

  test.each([
    { name: "the peer wants no such routes", missingFamilies: ["IPv6"] as const, fix: /activate IPv6 unicast/ },
    { name: "we don't either", missingFamilies: [], fix: /dualStackAddressFamily/ },
  ])("routes that are not sent, with what mends it: $name", ({ missingFamilies, fix }) => {
    const { negotiated, prefixes } = livePeerOf("x");
    const peer = livePeerOf("x", {
      negotiated: { ...negotiated!, missingFamilies },
      prefixes: { ...prefixes, IPv6: { wanted: 2, told: 0, unsent: { familyNotNegotiated: 2 } } },
    });
    const { summary, sessions } = sessionsReport([speaker("a", [peer])]);
    expect(summary).toBe("1 BGP session: 1 established, 1 without some routes");
    expect(sessions[0]!.problems).toEqual([
      {
        code: "familyNotNegotiated",
        explanation: expect.stringMatching(/^2 routes not sent: /),
        fix: expect.stringMatching(fix),
      },
    ]);
  });

  test.each([
    { name: "with the same router", router: "192.0.2.9", unsent: {}, problems: 0 },
    { name: "with another router", router: "192.0.2.8", unsent: {}, problems: 1 },
    { name: "that lacks them, too", router: "192.0.2.9", unsent: { noNextHop: 2 }, problems: 1 },
  ])("a session for IPv4 beside one for IPv6 $name", ({ router, unsent, problems }) => {
    const { negotiated, prefixes } = livePeerOf("v4");
    const [IPv4, IPv6] = (["IPv4", "IPv6"] as const).map((family) => ({
      negotiated: { ...negotiated!, families: [family], missingFamilies: [] },
      prefixes: {
        ...prefixes,
        IPv6: { wanted: 2, told: 0, unsent: family === "IPv4" ? { familyNotNegotiated: 2 } : unsent },
      },
    }));
    const other = livePeerOf("v6", { ...IPv6, negotiated: { ...IPv6!.negotiated, peerRouterId: router } });
    const report = sessionsReport([speaker("a", [livePeerOf("v4", IPv4), other])]);
    expect(report.sessions[0]!.problems).toHaveLength(problems);
    expect(/ v4 .*/.exec(renderPeers(report, PAGE))![0].includes("0/2")).toBe(problems > 0);
  });

  test("speakers that can't be read, or say nothing of BGP, are named", () => {
    const unread = { code: "unreachable", explanation: "no route", fix: "" } as const;
    const { speakers, notes } = sessionsReport([{ node: "a", pod: "speaker-a", unread }, speaker("b")]);
    expect(speakers).toMatchObject([{ node: "a", unread }, { node: "b" }]);
    expect(notes).toEqual([expect.stringContaining("speaker-b says nothing of BGP")]);
  });

  test("a peer that nobody knows", () => {
    expect(sessionsReport([speaker("a", [])], "x").summary).toContain("no speaker that was asked has a session");
  });

  test("every end has its words", () => {
    const peers = END_CODES.map((code) => downPeerOf(code, { code, reason: "so" }));
    for (const { problems } of sessionsReport([speaker("a", peers)]).sessions)
      expect(problems).toEqual([
        { code: "down", explanation: expect.stringMatching(/^no session: so \(/), fix: expect.any(String) },
      ]);
  });
});

describe("in text", () => {
  const up = livePeerOf("router", {
    local: "192.0.2.1:40000",
    prefixes: {
      IPv4: { wanted: 2, told: 1, unsent: {} },
      IPv6: { wanted: 1, told: 0, unsent: { familyNotNegotiated: 1 } },
    },
    routes: [
      {
        prefix: "10.0.0.1/32",
        state: "told",
        told: { nextHop: "192.0.2.1", asPath: [64_512], med: 5, communities: ["65000:1", "large:1:2:3"] },
      },
      { prefix: "10.0.0.2/32", state: "waiting" },
      { prefix: "fd00::1/128", state: "unsent", unsent: "familyNotNegotiated" },
    ],
  });
  const report = sessionsReport([speaker("a", [up, downPeerOf("spine", REFUSED)])]);

  test("peers", () => {
    const lines = renderPeers(report, PAGE).split("\n");
    expect(lines[0]).toBe("2 BGP sessions: 1 established, 1 down, 1 without some routes.");
    expect(lines[3]).toMatch(/^ {2}NODE +PEER +REMOTE +AS +STATE +FOR +IPV4 +IPV6 +PROBLEM$/);
    expect(lines[4]).toMatch(
      /^ {2}a +router +192\.0\.2\.9:179 +64500 +Established +3 min +1\/2 +0\/1 +1 route not sent: /,
    );
    expect(lines[5]).toMatch(
      /^ {2}a +spine +192\.0\.2\.9:179 +64500 +Active +3 min +no session: the connection was refused/,
    );
  });

  test("routes", () => {
    const text = renderRoutes(report, PAGE);
    expect(text).toMatch(/^ {2}a +router +10\.0\.0\.1\/32 +told +192\.0\.2\.1 +64512 +5 +65000:1 large:1:2:3$/m);
    expect(text).toMatch(/^ {2}a +router +10\.0\.0\.2\/32 +waiting +about to be sent$/m);
    expect(text).toMatch(/^ {2}a +router +fd00::1\/128 +unsent +the peer wants no IPv6 routes$/m);
  });

  test("a session", () => {
    const text = renderSessions(report, PAGE);
    for (const said of [
      "router on a",
      "Established for 3 min, from 192.0.2.1:40000 to 192.0.2.9:179",
      "agreed: routes of IPv4; hold time 90 s, keepalives each 30 s",
      "the peer offers: IPv4 unicast; capability 99 0102",
      "last end 2.0 s ago: the connection was refused (connect-failed)",
      "established 0 times; failed 3 times since it was last started",
    ])
      expect(text).toContain(said);
    expect(text).toMatch(/^ {2}keepalive +7 +0$/m);
  });

  test("fits a terminal", () => {
    for (const render of [renderPeers, renderRoutes, renderSessions])
      for (const line of render(report, { ...PAGE, width: 80 }).split("\n"))
        expect(line.length).toBeLessThanOrEqual(80);
  });
});
